package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shardPlanVersion is the version of the plan's file format.
const shardPlanVersion = 1

// ShardPlan says which machine runs which tests. Shards are numbered from 1, as people do. The
// JSON form is stable: equal plans are equal bytes, on every machine.
type ShardPlan struct {
	Version int       `json:"version"`
	Shards  int       `json:"shards"`
	By      ShardMode `json:"by"`
	// Sum is the plan's digest, by which shards prove that they used the same plan.
	Sum string `json:"digest"`
	// Packages are sorted by path.
	Packages []PlannedPackage `json:"packages"`
}

// PlannedPackage is a package with its pieces.
type PlannedPackage struct {
	Path string `json:"package"`
	// Pieces are sorted by shard. There is at least one, and each shard has at most one.
	Pieces []PlannedPiece `json:"pieces"`
}

// PlannedPiece is the part of a package that one shard runs.
type PlannedPiece struct {
	Shard int `json:"shard"`
	// First marks the piece that also takes every test which the plan does not name. It may name
	// none itself.
	First bool `json:"first,omitempty"`
	// Tests are the names, sorted.
	Tests []string `json:"tests,omitempty"`
}

// ShardJob is what one shard does with one package.
type ShardJob struct {
	Path string
	// First jobs run every test of the package but those in Skip; others only those in Run.
	First     bool
	Run, Skip []string
}

// plan returns the plan of a division.
func (d *division) plan(mode ShardMode) *ShardPlan {
	plan := &ShardPlan{Version: shardPlanVersion, Shards: len(d.loads), By: mode, Packages: []PlannedPackage{}}
	for i, p := range d.packages {
		planned := PlannedPackage{Path: p.Path}
		for shard := range d.loads {
			units, has := d.shards[i][shard]
			if !has {
				continue
			}
			piece := PlannedPiece{Shard: shard + 1, First: d.first[i] == shard}
			for _, u := range units {
				piece.Tests = append(piece.Tests, p.Units[u].Tests...)
			}
			slices.Sort(piece.Tests)
			planned.Pieces = append(planned.Pieces, piece)
		}
		plan.Packages = append(plan.Packages, planned)
	}
	plan.Sum = plan.digest()
	return plan
}

// digest returns the sum of everything in the plan but itself.
func (p *ShardPlan) digest() string {
	bare := *p
	bare.Sum = ""
	data, err := json.Marshal(bare)
	if err != nil {
		panic(fmt.Sprintf("plan: encode a shard plan: %v", err)) // strings, numbers and slices always encode
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Encode returns the plan as the text of a file.
func (p *ShardPlan) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode shard plan: %w", err)
	}
	return append(data, '\n'), nil
}

// ParseShardPlan reads what Encode wrote. A plan that was changed, is not complete, or gives a
// test to two shards is an error.
func ParseShardPlan(data []byte) (*ShardPlan, error) {
	var version struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &version); err != nil { // also if something follows the plan
		return nil, fmt.Errorf("read shard plan: %w", err)
	}
	if version.Version != shardPlanVersion {
		return nil, fmt.Errorf("read shard plan: format version %d, but this cohort knows only %d", version.Version, shardPlanVersion)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p ShardPlan
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("read shard plan: %w", err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("read shard plan: %w", err)
	}
	return &p, nil
}

// check returns what is wrong with a plan that was read.
func (p *ShardPlan) check() error {
	if p.Shards < 1 {
		return fmt.Errorf("%d shards: at least 1 is needed", p.Shards)
	}
	if _, err := ParseShardMode(string(p.By)); err != nil {
		return err
	}
	for i, pkg := range p.Packages {
		if i > 0 && pkg.Path <= p.Packages[i-1].Path {
			return fmt.Errorf("package %s is given twice or out of order", pkg.Path)
		}
		if err := pkg.check(p.Shards); err != nil {
			return fmt.Errorf("package %s: %w", pkg.Path, err)
		}
	}
	if want := p.digest(); p.Sum != want {
		return fmt.Errorf("the digest is not that of the plan: it was changed, or written by another version (%s, want %s)", p.Sum, want)
	}
	return nil
}

// check returns what is wrong with the pieces of a package.
func (p PlannedPackage) check(shards int) error {
	firsts, last := 0, 0
	seen := make(map[string]bool)
	for _, piece := range p.Pieces {
		if piece.Shard <= last || piece.Shard > shards {
			return fmt.Errorf("shard %d is given twice, out of order, or not one of %d", piece.Shard, shards)
		}
		last = piece.Shard
		if piece.First {
			firsts++
		} else if len(piece.Tests) == 0 {
			return fmt.Errorf("shard %d has a piece without a test", piece.Shard)
		}
		for i, name := range piece.Tests {
			switch {
			case !plainName(name):
				return fmt.Errorf("%q is not the name of a test", name)
			case seen[name]:
				return fmt.Errorf("test %s is given twice", name)
			case i > 0 && name < piece.Tests[i-1]:
				return fmt.Errorf("test %s is out of order", name)
			}
			seen[name] = true
		}
	}
	if firsts != 1 {
		return fmt.Errorf("%d pieces take what is not foreseen, want 1", firsts)
	}
	return nil
}

// plainName reports whether a test function can have that name.
func plainName(name string) bool {
	return name != "" && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Jobs returns what a shard (from 1) does, in order of the packages' paths. It is empty for a
// shard that has nothing to do.
func (p *ShardPlan) Jobs(shard int) []ShardJob {
	var jobs []ShardJob
	for _, pkg := range p.Packages {
		for _, piece := range pkg.Pieces {
			if piece.Shard != shard {
				continue
			}
			job := ShardJob{Path: pkg.Path, First: piece.First}
			if piece.First {
				job.Skip = pkg.others(shard)
			} else {
				job.Run = piece.Tests
			}
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// others returns the tests of the pieces of all other shards, sorted.
func (p PlannedPackage) others(shard int) []string {
	var names []string
	for _, piece := range p.Pieces {
		if piece.Shard != shard {
			names = append(names, piece.Tests...)
		}
	}
	slices.Sort(names)
	return names
}

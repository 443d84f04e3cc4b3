package merge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/plan"
)

// Set is the records of all shards of one run, of each shard the one that counts. Close it.
type Set struct {
	// Notes say which records do not count, one a line.
	Notes []string
	// Plan is the plan by which the suite was divided.
	Plan *plan.ShardPlan

	shards []*shardRecord // in order
}

// shardRecord is the record of a shard.
type shardRecord struct {
	*record.Reader
	file string
}

// Open reads the records with these names, in any order, and checks that together they are one run of
// the whole suite. If they are not, the error is a [*Refused].
func Open(names []string) (*Set, error) {
	var set Set
	var all []candidate
	readers := make([]*record.Reader, 0, len(names))
	var refused []string
	for _, name := range names {
		r, c, problem := read(name)
		if problem != "" {
			refused = append(refused, problem)
			continue
		}
		all, readers = append(all, c), append(readers, r)
	}
	chosen, notes, problems := choose(all)
	set.Notes = notes
	for _, i := range chosen {
		if readers[i] != nil {
			set.shards = append(set.shards, &shardRecord{readers[i], all[i].file})
		}
	}
	for i, r := range readers {
		if r != nil && !slices.Contains(chosen, i) {
			_ = r.Close() // it was only read
		}
	}
	refused = append(refused, problems...)
	more, err := set.check(all, len(refused) == 0)
	if err != nil {
		return nil, errors.Join(err, set.Close())
	}
	if refused = append(refused, more...); len(refused) > 0 {
		return nil, errors.Join(&Refused{refused}, set.Close())
	}
	return &set, nil
}

// read opens a record. A problem is why it cannot be used; the reader is nil if it is not complete.
func read(name string) (*record.Reader, candidate, string) {
	c := candidate{file: name}
	r, err := record.Open(name)
	if errors.Is(err, record.ErrIncomplete) {
		return c.killed(err)
	}
	if err != nil {
		return nil, c, err.Error()
	}
	m := r.Manifest
	if m.Shard == nil || m.Shard.Index == 0 {
		problem := name + " is not of a shard: record the runs with --shard"
		if m.Shard != nil {
			problem = name + " is merged already"
		}
		_ = r.Close() // it was only read
		return nil, c, problem
	}
	c.index, c.count, c.digest, c.start = m.Shard.Index, m.Shard.Count, m.Shard.Digest, m.Start
	c.source, c.module, c.signal = m.Source, m.Module, m.Verdict.Signal
	c.goes = fmt.Sprintf("%s, %s/%s", m.Go, m.System.OS, m.System.Arch)
	c.goEnv = m.Shard.GoEnv
	c.arguments, c.settings = m.Command, settings(m.Command)
	return r, c, ""
}

// settings returns what arguments of go test say of the tests, as one text.
func settings(arguments []string) string {
	args, err := gotest.ParseArgs(arguments, []string{"GOENV=off"})
	if err != nil { // only the go command understands them
		return strings.Join(arguments, " ")
	}
	return strings.Join(args.Settings(), " ")
}

// killed makes a candidate of a record that is not complete, if it says which shard it is of.
func (c candidate) killed(err error) (*record.Reader, candidate, string) {
	b, peekErr := record.Peek(c.file)
	if peekErr != nil || b.Shard == "" {
		return nil, c, err.Error()
	}
	if _, scanErr := fmt.Sscanf(b.Shard, "%d/%d", &c.index, &c.count); scanErr != nil {
		return nil, c, err.Error()
	}
	c.start, c.incomplete = b.Start, true
	return nil, c, ""
}

// Close closes the records.
func (s *Set) Close() error {
	var errs []error
	for _, r := range s.shards {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// check returns which shards are missing and, if the records are of one run, what of the plan did not
// run exactly once.
func (s *Set) check(all []candidate, agreed bool) ([]string, error) {
	if len(s.shards) == 0 {
		if len(all) == 0 {
			return nil, nil
		}
		return missingShards(all, all[0].count, nil), nil
	}
	first := s.shards[0].Manifest.Shard
	p, err := plan.ParseShardPlan(first.Plan)
	switch {
	case err != nil: // whoever has redacted names of tests has made them equal
		return []string{fmt.Sprintf("%s: its plan was changed, by --redact perhaps, so that what ran cannot be compared with it: %v", s.shards[0].file, err)}, nil
	case p.Shards != first.Count || p.Sum != first.Digest:
		return []string{fmt.Sprintf("%s: its plan is not that of shard %v", s.shards[0].file, first)}, nil
	}
	s.Plan = p
	problems := missingShards(all, first.Count, s.Plan)
	if !agreed {
		return problems, nil // the plan of one says nothing about the others
	}
	for _, r := range s.shards {
		if string(r.Manifest.Shard.Plan) != string(first.Plan) {
			problems = append(problems, fmt.Sprintf("%s and %s hold two plans", s.shards[0].file, r.file))
			continue
		}
		more, err := s.settle(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.file, err)
		}
		problems = append(problems, more...)
	}
	return problems, nil
}

// settle returns what of the plan a shard did not run, and what it ran that is not its own.
func (s *Set) settle(r *shardRecord) ([]string, error) {
	l := newShardLedger(s.Plan, r.Manifest, r.file)
	for e, err := range r.Events() {
		if err != nil {
			return nil, err
		}
		l.add(&e)
	}
	return l.settle(), nil
}

// missingShards names the shards of which there is no record, and what they had to run; p is nil if
// that is not known.
func missingShards(all []candidate, count int, p *plan.ShardPlan) []string {
	var problems []string
	for _, index := range missing(all, count) {
		text := fmt.Sprintf("the record of shard %d/%d is missing", index, count)
		var paths []string
		if p != nil {
			for _, job := range p.Jobs(index) {
				paths = append(paths, job.Path)
			}
			text += ", which had to run " + list(paths)
		}
		problems = append(problems, text)
	}
	return problems
}

// list names the first of some packages.
func list(paths []string) string {
	const most = 3
	switch {
	case len(paths) == 0:
		return "nothing"
	case len(paths) == most+1: // it takes no more room than its number
	case len(paths) > most:
		return fmt.Sprintf("%s and %d more packages", strings.Join(paths[:most], ", "), len(paths)-most)
	}
	return strings.Join(paths, ", ")
}

// Coverage returns the coverage of all shards, added up by position; nil if no shard has a profile.
// Lacking are the records that have none although their shards ran something.
func (s *Set) Coverage() (profile *gotest.Profile, lacking []string, err error) {
	for _, r := range s.shards {
		in, err := r.Coverage()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.file, err)
		}
		if in == nil {
			if len(s.Plan.Jobs(r.Manifest.Shard.Index)) > 0 {
				lacking = append(lacking, r.file)
			}
			continue
		}
		if profile == nil {
			profile = new(gotest.Profile)
		}
		if err := errors.Join(profile.Add(in), in.Close()); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", r.file, err)
		}
	}
	return profile, lacking, nil
}

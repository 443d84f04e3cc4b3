package plan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// loose makes n units of one test each that take d, 0 for not known.
func loose(n int, d time.Duration) []ShardUnit {
	units := make([]ShardUnit, n)
	for i := range units {
		name := fmt.Sprintf("Test%03d", i)
		units[i] = ShardUnit{Name: name, Tests: []string{name}, Estimate: d, Known: d > 0}
	}
	return units
}

// describePlan writes who runs how many tests of what, + for the first piece.
func describePlan(p *ShardPlan) string {
	var lines []string
	for shard := 1; shard <= p.Shards; shard++ {
		line := fmt.Sprintf("%d:", shard)
		for _, pkg := range p.Packages {
			for _, piece := range pkg.Pieces {
				if piece.Shard != shard {
					continue
				}
				line += fmt.Sprintf(" %s %d", pkg.Path, len(piece.Tests))
				if piece.First {
					line += "+"
				}
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func mustPlan(t *testing.T, packages []ShardPackage, n int, mode ShardMode) (*ShardPlan, []time.Duration) {
	t.Helper()
	p, loads, err := PlanShards(packages, n, mode)
	if err != nil {
		t.Fatal(err)
	}
	return p, loads
}

func TestPlanShards(t *testing.T) {
	t.Parallel()
	group := ShardUnit{Name: "checkout", Tests: []string{"TestCart", "TestPay"}, Estimate: 8 * time.Second, Known: true}
	for _, tt := range []struct {
		name     string
		packages []ShardPackage
		n        int
		want     string
	}{
		{"nothing", nil, 2, "1:\n2:"},
		{"one shard", []ShardPackage{{Path: "a", Units: loose(3, time.Second)}, {Path: "b"}}, 1, "1: a 3+ b 0+"},
		{"even", []ShardPackage{{Path: "a", Units: loose(40, time.Second)}}, 4, "1: a 10+\n2: a 10\n3: a 10\n4: a 10"},
		{"a TestMain package stays whole", []ShardPackage{{Path: "a", Units: loose(40, time.Second), Whole: true}, {Path: "b", Units: loose(40, time.Second)}}, 2,
			"1: a 40+\n2: b 40+"},
		{"a group stays whole", []ShardPackage{{Path: "a", Units: append(loose(8, time.Second), group)}}, 2, "1: a 2+\n2: a 8"},
		{"without tests", []ShardPackage{{Path: "c"}, {Path: "a"}, {Path: "b"}}, 2, "1: a 0+ c 0+\n2: b 0+"},
		{"more shards than units", []ShardPackage{{Path: "a", Units: loose(2, time.Second)}}, 4, "1: a 1+\n2: a 1\n3:\n4:"},
		{"not worth a machine", []ShardPackage{{Path: "a", Units: loose(10, time.Millisecond), Startup: time.Second}}, 4, "1: a 10+\n2:\n3:\n4:"},
		{"nothing known", []ShardPackage{{Path: "a", Units: loose(30, 0)}, {Path: "b", Units: loose(10, 0)}}, 4, "1: a 25\n2: b 10+\n3: a 5+\n4:"},
		{"unknown tests are like the others of their package", []ShardPackage{
			{Path: "a", Units: append(loose(1, 10*time.Second), ShardUnit{Name: "TestNew", Tests: []string{"TestNew"}})},
			{Path: "b", Units: loose(20, time.Second)}}, 2, "1: a 1+ b 10+\n2: a 1 b 10"},
	} {
		p, _ := mustPlan(t, tt.packages, tt.n, ByHistory)
		if got := describePlan(p); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestPlanShardsByHash(t *testing.T) {
	t.Parallel()
	packages := []ShardPackage{
		{Path: "small", Units: loose(hashWhole-1, time.Second)},
		{Path: "large", Units: loose(400, time.Second)},
		{Path: "main", Units: loose(400, time.Second), Whole: true},
		{Path: "empty"},
	}
	p, _ := mustPlan(t, packages, 4, ByHash)
	for _, pkg := range p.Packages {
		if divided := len(pkg.Pieces) > 1; divided != (pkg.Path == "large") {
			t.Errorf("%s has %d pieces", pkg.Path, len(pkg.Pieces))
		}
		for _, piece := range pkg.Pieces {
			if n := len(piece.Tests); pkg.Path == "large" && (n < 75 || n > 125) {
				t.Errorf("shard %d has %d tests of 400: the hash is uneven", piece.Shard, n)
			}
		}
	}
	// Another history and one test less change nothing for all others.
	packages[1].Units = slices.Delete(packages[1].Units, 7, 8)
	for i := range packages[1].Units {
		packages[1].Units[i].Estimate *= time.Duration(i)
	}
	again, _ := mustPlan(t, packages, 4, ByHash)
	for i := range p.Packages {
		for k := range p.Packages[i].Pieces {
			piece := p.Packages[i].Pieces[k]
			piece.Tests = slices.DeleteFunc(slices.Clone(piece.Tests), func(name string) bool { return p.Packages[i].Path == "large" && name == "Test007" })
			if !reflect.DeepEqual(piece, again.Packages[i].Pieces[k]) {
				t.Errorf("%s: %v became %v", p.Packages[i].Path, piece, again.Packages[i].Pieces[k])
			}
		}
	}
}

func TestPlanShardsWrong(t *testing.T) {
	t.Parallel()
	unit := func(name string, tests ...string) ShardUnit { return ShardUnit{Name: name, Tests: tests} }
	for _, tt := range []struct {
		packages []ShardPackage
		n        int
		mode     ShardMode
		want     string
	}{
		{nil, 0, ByHistory, "plan shards: 0 shards: at least 1 is needed"},
		{nil, -1, ByHash, "plan shards: -1 shards: at least 1 is needed"},
		{nil, 1, "time", `plan shards: unknown mode "time"`},
		{[]ShardPackage{{Path: "a"}, {Path: "b"}, {Path: "a"}}, 1, ByHash, "plan shards: package a is given twice"},
		{[]ShardPackage{{Path: "a", Units: []ShardUnit{unit("u", "A"), unit("u", "B")}}}, 1, ByHistory, "plan shards: package a: unit u is given twice"},
		{[]ShardPackage{{Path: "a", Units: []ShardUnit{unit("u", "A"), unit("v", "A")}}}, 1, ByHistory, "plan shards: package a: test A is given twice"},
		{[]ShardPackage{{Path: "a", Units: []ShardUnit{unit("u")}}}, 1, ByHistory, "plan shards: package a: unit u has no test"},
	} {
		if _, _, err := PlanShards(tt.packages, tt.n, tt.mode); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %s", err, tt.want)
		}
	}
	if _, err := ParseShardMode("count"); err == nil || err.Error() != `unknown mode "count" (there are history and hash)` {
		t.Errorf("mode count: %v", err)
	}
}

// randomShardSuite has everything that a suite can have.
func randomShardSuite(rnd *rand.Rand) []ShardPackage {
	var packages []ShardPackage
	for i := range 1 + rnd.IntN(40) {
		p := ShardPackage{Path: fmt.Sprintf("example.com/p%d", i), Whole: rnd.IntN(6) == 0}
		if rnd.IntN(3) > 0 {
			p.Startup = time.Duration(1+rnd.IntN(200)) * ms
		}
		test := 0
		for range rnd.IntN(60) * rnd.IntN(4) {
			u := ShardUnit{Estimate: time.Duration(rnd.ExpFloat64() * float64(200*ms)), Known: rnd.IntN(5) > 0}
			for range 1 + rnd.IntN(8)/7*rnd.IntN(9) {
				u.Tests = append(u.Tests, fmt.Sprintf("Test%d", test))
				test++
			}
			u.Name = u.Tests[0]
			if len(u.Tests) > 1 {
				u.Name = fmt.Sprintf("group %d", test)
			}
			p.Units = append(p.Units, u)
		}
		packages = append(packages, p)
	}
	return packages
}

func TestShardProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		packages, n := randomShardSuite(rnd), 1+rnd.IntN(12)
		mode := []ShardMode{ByHistory, ByHistory, ByHash}[seed%3]
		p, loads := mustPlan(t, packages, n, mode)
		if fault := shardFault(packages, p, loads); fault != "" {
			t.Fatalf("seed %d, %d shards, %s: %s", seed, n, mode, fault)
		}
		if mode == ByHistory {
			if fault := balanceFault(packages, p, loads); fault != "" {
				t.Errorf("seed %d, %d shards: %s", seed, n, fault)
			}
		}
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseShardPlan(data)
		if err != nil || !reflect.DeepEqual(read, p) {
			t.Fatalf("seed %d: written and read again: %v", seed, err)
		}
		// The order of the input does not matter.
		rnd.Shuffle(len(packages), func(i, j int) { packages[i], packages[j] = packages[j], packages[i] })
		for _, pkg := range packages {
			rnd.Shuffle(len(pkg.Units), func(i, j int) { pkg.Units[i], pkg.Units[j] = pkg.Units[j], pkg.Units[i] })
		}
		if again, _ := mustPlan(t, packages, n, mode); again.Sum != p.Sum {
			t.Fatalf("seed %d: the order of the input changes the plan", seed)
		}
	}
}

// shardFault returns what is wrong with a plan, or "": each test is run by exactly one shard, whole
// units and packages by one, each package has one first piece, and a machine has what it should.
func shardFault(packages []ShardPackage, p *ShardPlan, loads []time.Duration) string {
	if len(p.Packages) != len(packages) || len(loads) != p.Shards {
		return "packages or shards are missing"
	}
	runs := make(map[string][]int) // shards by package and test
	firsts := make(map[string]int)
	for shard := 1; shard <= p.Shards; shard++ {
		for _, job := range p.Jobs(shard) {
			i := slices.IndexFunc(packages, func(pkg ShardPackage) bool { return pkg.Path == job.Path })
			if job.First {
				firsts[job.Path]++
			}
			for _, u := range packages[i].Units {
				for _, name := range u.Tests {
					if job.First && !slices.Contains(job.Skip, name) || !job.First && slices.Contains(job.Run, name) {
						runs[job.Path+"."+name] = append(runs[job.Path+"."+name], shard)
					}
				}
			}
			if !job.First && len(job.Run) == 0 {
				return job.Path + ": a job without a test"
			}
		}
	}
	for _, pkg := range packages {
		if firsts[pkg.Path] != 1 {
			return fmt.Sprintf("%s has %d first pieces", pkg.Path, firsts[pkg.Path])
		}
		homes := make(map[int]bool)
		for _, u := range pkg.Units {
			home := runs[pkg.Path+"."+u.Tests[0]]
			for _, name := range u.Tests {
				got := runs[pkg.Path+"."+name]
				if len(got) != 1 || got[0] != home[0] {
					return fmt.Sprintf("%s.%s of unit %s runs on shards %v", pkg.Path, name, u.Name, got)
				}
			}
			homes[home[0]] = true
		}
		if pkg.Whole && len(homes) > 1 {
			return pkg.Path + " is not whole"
		}
		if err := p.Fits(pkg); err != nil {
			return err.Error()
		}
	}
	return ""
}

// balanceFault returns why a plan is not even enough, or "": the busiest shard is within a tenth of
// what there is to do by shard, or of the longest thing that cannot be divided.
func balanceFault(packages []ShardPackage, p *ShardPlan, loads []time.Duration) string {
	sorted, err := sortPackages(packages)
	if err != nil {
		return err.Error()
	}
	longest, sum := time.Duration(0), time.Duration(0)
	for _, pkg := range sorted {
		for _, cost := range pkg.costs {
			longest = max(longest, time.Duration(cost+pkg.overhead))
		}
		if pkg.Whole || pkg.work <= pkg.overhead {
			longest = max(longest, time.Duration(pkg.work+pkg.overhead))
		}
	}
	for _, load := range loads {
		sum += load
	}
	mean := sum / time.Duration(p.Shards)
	busiest := slices.Max(loads)
	// What is handed out last is the smallest: no shard is ahead by more than one piece. Where the
	// longest unit is a small part of a shard, a tenth is the promise.
	if busiest > mean+longest+mean/5 {
		return fmt.Sprintf("busiest %v of mean %v, longest unit %v", busiest, mean, longest)
	}
	if longest < mean/8 && busiest > mean+mean/10 {
		return fmt.Sprintf("busiest %v of mean %v, though the longest unit is %v", busiest, mean, longest)
	}
	return ""
}

// TestShardEfficiency is the promise on the recorded suites and on ones like those of the bench:
// within a tenth of the bound. They are thirty times as long as they are for the planner of one
// machine, since nobody shards a suite of seconds: what it costs to build packages on several
// machines would be most of it.
func TestShardEfficiency(t *testing.T) {
	t.Parallel()
	for _, s := range suites(t) {
		if len(s.packages) < 12 { // small ones are a matter of process starts
			continue
		}
		var packages []ShardPackage
		for i, p := range s.packages {
			pkg := ShardPackage{Path: fmt.Sprintf("p%04d", i), Startup: p.startup}
			for k, u := range p.units {
				name := fmt.Sprintf("Test%d", k)
				pkg.Units = append(pkg.Units, ShardUnit{Name: name, Tests: []string{name}, Estimate: 30 * u.takes, Known: true})
			}
			packages = append(packages, pkg)
		}
		for _, n := range []int{2, 3, 4, 8, 20} {
			p, loads := mustPlan(t, packages, n, ByHistory)
			sorted, err := sortPackages(packages)
			if err != nil {
				t.Fatal(err)
			}
			bound := time.Duration(newDivision(sorted, n).bound())
			e := float64(bound) / float64(slices.Max(loads))
			pieces := 0
			for _, pkg := range p.Packages {
				pieces += len(pkg.Pieces)
			}
			t.Logf("%s: %d shards: %.3f of the bound %v, %d pieces of %d packages", s.name, n, e, bound, pieces, len(packages))
			want := 0.90
			if longest := newDivision(sorted, n).longest(); time.Duration(longest) > bound/4 {
				want = 0.80 // units that large do not fill a shard evenly
			}
			if e < want {
				t.Errorf("%s: %d shards: %.3f of the bound", s.name, n, e)
			}
		}
	}
}

// TestShardPlanEverywhere pins the digest of one plan: another machine, GOMAXPROCS or order of a
// map must come to the same.
func TestShardPlanEverywhere(t *testing.T) {
	t.Parallel()
	var packages []ShardPackage
	for i := range 40 {
		units := loose(i*i%70, 0)
		for k := range units {
			units[k].Known, units[k].Estimate = k%4 > 0, time.Duration(k*k*i)*ms
		}
		packages = append(packages, ShardPackage{Path: fmt.Sprintf("example.com/p%d", i), Units: units, Whole: i%5 == 0, Startup: time.Duration(i%7) * ms})
	}
	p, _ := mustPlan(t, packages, 5, ByHistory)
	sums := make(chan string)
	for range 2 * runtime.GOMAXPROCS(0) {
		go func() { // ends when its sum is taken below
			again, _, err := PlanShards(packages, 5, ByHistory)
			if err != nil {
				sums <- err.Error()
				return
			}
			sums <- again.Sum
		}()
	}
	for range 2 * runtime.GOMAXPROCS(0) {
		if sum := <-sums; sum != p.Sum {
			t.Errorf("digest %s, want %s", sum, p.Sum)
		}
	}
	if want := "sha256:2f8749e3c76d6c340d15a704bfd1302468844f3d9c6c3ce12e36a0842c6c8f44"; p.Sum != want {
		t.Errorf("digest %s, want %s", p.Sum, want)
	}
}

// shardFile is a small plan as a file has it.
func shardFile(t *testing.T) []byte {
	t.Helper()
	p, _ := mustPlan(t, []ShardPackage{{Path: "a", Units: loose(4, time.Second)}, {Path: "b"}}, 2, ByHistory)
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestShardPlanFile(t *testing.T) {
	t.Parallel()
	data := string(shardFile(t))
	want := `{
 "version": 1,
 "shards": 2,
 "by": "history",
 "digest": "sha256:`
	if !strings.HasPrefix(data, want) || !strings.HasSuffix(data, "\n}\n") {
		t.Errorf("the file begins\n%s", data)
	}
	for _, tt := range []struct{ old, new, want string }{
		{`"version": 1`, `"version": 2`, "read shard plan: format version 2, but this cohort knows only 1"},
		{`"shards": 2`, `"shards": 3`, "read shard plan: the digest is not that of the plan"},
		{`"shards": 2`, `"shards": 0`, "read shard plan: 0 shards: at least 1 is needed"},
		{`"by": "history"`, `"by": "size"`, `read shard plan: unknown mode "size"`},
		{`"by"`, `"bye"`, `read shard plan: json: unknown field "bye"`},
		{`"package": "a"`, `"package": "b"`, "read shard plan: package b is given twice or out of order"},
		{`"package": "a"`, `"package": "z"`, "read shard plan: package b is given twice or out of order"},
		{`"Test000"`, `"Test001"`, "read shard plan: package a: test Test001 is "},
		{`"Test000"`, `"A|B"`, `read shard plan: package a: "A|B" is not the name of a test`},
		{`"first": true,`, ``, "read shard plan: package a: 0 pieces take what is not foreseen, want 1"},
		{`"shard": 2`, `"shard": 5`, "read shard plan: package a: shard 5 is given twice, out of order, or not one of 2"},
		{"\n}\n", "\n}{}", "read shard plan: invalid character '{' after top-level value"},
		{`"digest"`, `"digest`, "read shard plan: invalid character"},
		{data, "", "read shard plan: unexpected end of JSON input"},
	} {
		changed := strings.Replace(data, tt.old, tt.new, 1)
		if changed == data {
			t.Errorf("%s is not in the file:\n%s", tt.old, data)
		}
		if _, err := ParseShardPlan([]byte(changed)); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s instead of %s: error %v, want %s", tt.new, tt.old, err, tt.want)
		}
	}
}

func TestShardPlanFits(t *testing.T) {
	t.Parallel()
	a := ShardPackage{Path: "a", Units: loose(4, time.Second)}
	p, _ := mustPlan(t, []ShardPackage{a}, 2, ByHistory)
	pieces := p.Packages[0].Pieces
	one, other := pieces[0].Tests[0], pieces[1].Tests[0]
	unit := func(tests ...string) ShardPackage {
		return ShardPackage{Path: "a", Units: []ShardUnit{{Name: "flow", Tests: tests}}}
	}
	for _, tt := range []struct {
		name string
		now  ShardPackage
		want string
	}{
		{"as it was", a, ""},
		{"new tests", unit("TestNew", "TestNewer"), ""},
		{"a new group in one shard", unit(pieces[0].Tests...), ""},
		{"a new test in a group of the first piece", unit(one, "TestNew"), ""},
		{"a new test in another group", unit(other, "TestNew"), "the shard plan divides flow of package a (" + other + " and TestNew): make a new one"},
		{"a new group over shards", unit(one, other), "the shard plan divides flow of package a (" + one + " and " + other + "): make a new one"},
		{"now with a TestMain", ShardPackage{Path: "a", Units: a.Units, Whole: true}, "the shard plan divides package a, which must run as a whole: make a new one"},
		{"a new package", ShardPackage{Path: "b"}, "the shard plan has no package b: make a new one"},
	} {
		err := p.Fits(tt.now)
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	if !pieces[0].First {
		t.Error("the table above takes the first shard's piece for the first")
	}
}

func FuzzShardPlan(f *testing.F) {
	p, _, err := PlanShards([]ShardPackage{{Path: "a", Units: loose(4, time.Second)}, {Path: "b"}}, 2, ByHistory)
	if err != nil {
		f.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"shards":1,"by":"hash","packages":[{"package":"a","pieces":[]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseShardPlan(data)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseShardPlan(again)
		if err != nil || read.Sum != p.Sum || !bytes.Contains(again, []byte(p.Sum)) {
			t.Fatalf("written again: %v", err)
		}
		for shard := range min(p.Shards, 8) {
			p.Jobs(shard + 1)
		}
	})
}

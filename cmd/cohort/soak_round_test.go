package main_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// soakTests is how many tests each package of testdata/soak has: Test00, ...
const soakTests = 20

// A soakRound is a generated suite and the way it is run.
type soakRound struct {
	seed     uint64
	pkgs     []*soakPkg
	workers  int
	shuffle  string // "" leaves the flag out
	dist     string
	group    *regexp.Regexp // --group, or nil
	run      string
	skip     string
	count    int
	reruns   int
	timeout  string
	failFast bool // go test's
	keepOn   bool // --group-failfast=false
	split    bool // --testmain=per-worker
	format   string
	history  bool // two runs, with a history file
	splits   bool // tests may be split, and the history knows their subtests
	byRule   bool // the configuration file says what flags and directives say otherwise
}

// A soakPkg is a package of the suite.
type soakPkg struct {
	name     string
	withMain bool
	main     []string // what TestMain does in each attempt
	tests    []*soakTest
	fileTags map[string]string // file: group that its directive declares
}

// A soakTest is what a test does, and what its source declares.
type soakTest struct {
	name, file string
	directive  string // group, or ""
	serial     bool
	locks      []string
	split      bool
	attempts   []soakDoes
}

// soakDoes and soakSub are read by testdata/soak/script.
type soakDoes struct {
	Parallel bool      `json:",omitempty"`
	Noise    string    `json:",omitempty"`
	Child    bool      `json:",omitempty"`
	Subs     []soakSub `json:",omitempty"`
	End      string    `json:",omitempty"`
}

type soakSub struct {
	Name     string
	Parallel bool   `json:",omitempty"`
	End      string `json:",omitempty"`
}

// soakNoise is what tests print. None of it may change what is reported.
var soakNoise = []string{
	"no newline", "one line\n", "\n\n", "\x16", "x\x16y\n", "\x16\x16PASS\n",
	"--- FAIL: Test03 (0.00s)\n", "=== RUN   Test04\n", "    --- PASS: Test05/x (0.00s)\n",
	"PASS\n", "FAIL\n", "\x16PASS\n", "\x16FAIL\n", "ok  \tsoak/p0\t0.1s\n", "FAIL\tsoak/p0 [build failed]\n",
	"\x16=== RUN   Ghost\n", "\x16--- PASS: Ghost (0.00s)\n", "\x16--- FAIL: Ghost (0.00s)\n", "\x16--- SKIP: Ghost (0.00s)",
	"\x16=== PAUSE Ghost\n\x16=== CONT  Ghost\n", "coverage: 12.0% of statements\n", "-test.shuffle 1\n",
	"exit status 1\n", "panic: not really\n\ngoroutine 1 [running]:\n", "testing: warning: no tests to run\n",
	"\x00\xff\xfe\x1b[31m\r\n", `{"Action":"fail","Package":"soak/p0","Test":"Test01"}` + "\n",
	strings.Repeat("long ", 3000) + "\n", strings.Repeat("x", 70_000),
}

// newSoakRound generates the round of a seed.
func newSoakRound(seed uint64) *soakRound {
	rng := rand.New(rand.NewPCG(seed, 6))
	g := soakGenerator{rng}
	r := &soakRound{
		seed: seed, workers: 1 + rng.IntN(5), count: 1, timeout: "1m",
		shuffle: g.pick("off", "", "on", fmt.Sprint(rng.IntN(1000))),
		dist:    g.pick("loadscope", "loadscope", "loadscope", "loadfile", "loadpackage", "load"),
		format:  g.pick("dots", "pkgname", "testname", "testdox", "standard-verbose", "standard-quiet"),
		reruns:  rng.IntN(4),
		keepOn:  g.chance(20), split: g.chance(40), history: g.chance(10),
	}
	if g.chance(15) {
		r.group = regexp.MustCompile(g.pick(`^Test0`, `^(Test1[0-5])`, `^Test(0|1)`, `[37]$`))
	}
	if g.chance(15) {
		r.run = g.pick(`Test0`, `^Test(01|05|17)$`, `Test1[0-3]|9$`, `Test03`, `^None$`)
	}
	if g.chance(10) {
		r.skip = g.pick(`Test1`, `[02468]$`, `^Test00$`)
	}
	if g.chance(10) {
		r.count = 2
	}
	if r.shuffle == "off" && g.chance(25) {
		r.failFast, r.reruns = true, 0 // they exclude each other
	}
	if g.chance(2) {
		r.timeout = "5s"
	}
	for i := range 1 + rng.IntN(4) {
		r.pkgs = append(r.pkgs, g.pkg(r, fmt.Sprint("p", i)))
	}
	r.giveLocks(rand.New(rand.NewPCG(seed, 7)))
	r.giveSplits(rand.New(rand.NewPCG(seed, 8)))
	r.byRule = rand.New(rand.NewPCG(seed, 9)).IntN(100) < 40
	return r
}

// giveLocks lets tests hold locks, in half of the rounds. Its random numbers are its own, so that a
// seed has the tests that it had before there were locks.
func (r *soakRound) giveLocks(rng *rand.Rand) {
	share := max(0, rng.IntN(100)-50)
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			if rng.IntN(100) < share {
				t.locks = []string{"db", "web", "file"}[rng.IntN(2) : 2+rng.IntN(2)]
			}
		}
	}
}

// A soakGenerator makes random choices.
type soakGenerator struct{ rng *rand.Rand }

func (g soakGenerator) pick(of ...string) string { return of[g.rng.IntN(len(of))] }
func (g soakGenerator) chance(percent int) bool  { return g.rng.IntN(100) < percent }

func (g soakGenerator) pkg(r *soakRound, name string) *soakPkg {
	p := &soakPkg{name: name, withMain: g.chance(35), main: []string{"run"}, fileTags: make(map[string]string)}
	calm := g.chance(30)
	deadly := true
	if p.withMain {
		deadly = r.count == 1 // else what is left of a group would be hard to say
		for range g.rng.IntN(3) {
			p.main = append(p.main, g.pick("run", "run", "return", "teardown", "idle", "early"))
		}
		switch p.main[0] = g.pick("run", "return", "run", "return", "idle", "early", "panic", "teardown", "blind"); p.main[0] {
		case "teardown", "blind":
			deadly = false // whether a process comes to its end would be chance
		}
	}
	files := []string{"a_test.go", "b_test.go", "c_test.go"}[:1+g.rng.IntN(3)]
	grouped := g.rng.IntN(3) * 20
	if p.withMain && r.split && (grouped > 0 || r.group != nil) {
		deadly = false // which groups share a process depends on the seed
	}
	for _, file := range files {
		if g.chance(grouped / 4) {
			p.fileTags[file] = "whole-file"
		}
	}
	for i := range soakTests {
		t := &soakTest{name: fmt.Sprintf("Test%02d", i), file: files[i*len(files)/soakTests], serial: g.chance(3)}
		if g.chance(grouped) {
			t.directive = g.pick("alpha", "beta", "gamma")
		}
		parallel := !r.failFast && r.groupOf(p, t) == "" && g.chance(15)
		for range 1 + g.rng.IntN(3)*g.rng.IntN(2) {
			d := g.does(r, calm, deadly, parallel, t.name)
			if len(t.attempts) > 0 && (!calm || parallel) {
				d.Subs = g.again(t.attempts[0].Subs)
			}
			t.attempts = append(t.attempts, d)
		}
		p.tests = append(p.tests, t)
	}
	return p
}

// does is what a test does in one attempt.
func (g soakGenerator) does(r *soakRound, calm, deadly, parallel bool, name string) soakDoes {
	d := soakDoes{Parallel: parallel, End: "pass"}
	if g.chance(25) && !parallel {
		if d.Noise = g.pick(soakNoise...); strings.Contains(d.Noise, name) {
			d.Noise = ""
		}
	}
	d.Child = g.chance(1)
	if g.chance(15) {
		for range 1 + g.rng.IntN(4) {
			d.Subs = append(d.Subs, soakSub{
				Name: g.pick("a", "b", "c d", "e/f", "g|h", "[i]"), Parallel: g.chance(20),
				End: g.pick("pass", "pass", "pass", "pass", "skip", "fail"),
			})
			if last := &d.Subs[len(d.Subs)-1]; deadly && !calm && !last.Parallel && g.chance(3) {
				last.End = g.pick("panic", "exit1")
			}
		}
	}
	switch n := g.rng.IntN(100); {
	case n < 8:
		d.End = "skip"
	case n < 18 && !calm, n < 9:
		d.End = g.pick("fail", "fatal")
	case n < 24 && !calm && deadly:
		d.End = g.pick("panic", "goexit", "exit0", "exit1", "exit7", "throw", "kill", "goroutine")
		if r.timeout == "5s" && g.chance(30) {
			d.End = "hang"
		}
	}
	return d
}

// again returns the same subtests with other ends.
func (g soakGenerator) again(subs []soakSub) []soakSub {
	subs = slices.Clone(subs)
	for i := range subs {
		subs[i].End = g.pick("pass", "pass", "pass", "skip", "fail")
	}
	return subs
}

// does returns what t does in an attempt.
func (t *soakTest) does(attempt int) soakDoes {
	return t.attempts[min(attempt, len(t.attempts)-1)]
}

func (p *soakPkg) mainDoes(attempt int) string { return p.main[min(attempt, len(p.main)-1)] }

func (p *soakPkg) path() string { return "soak/" + p.name }

// groupOf is the group that a test is in: by its own directive, its file's, or --group.
func (r *soakRound) groupOf(p *soakPkg, t *soakTest) string {
	switch {
	case t.directive != "":
		return t.directive
	case p.fileTags[t.file] != "":
		return p.fileTags[t.file]
	case r.group == nil:
		return ""
	}
	switch m := r.group.FindStringSubmatch(t.name); {
	case m == nil:
		return ""
	case len(m) > 1:
		return m[1]
	}
	return r.group.String()
}

// rules is the configuration file: it sets what flags and directives set in other rounds. A group
// that a file declares wins over a rule, so there the directives of its tests stay.
func (r *soakRound) rules() string {
	var s strings.Builder
	fmt.Fprintf(&s, "tests:\n  - match: {package: ./...}\n    dist: %s\n    rerun-fails: %d\n    rerun-delay: 0\n", r.dist, r.reruns)
	if r.shuffle == "off" {
		s.WriteString("    shuffle: off\n")
	}
	if r.split {
		s.WriteString("    testmain: per-worker\n")
	}
	for _, p := range r.pkgs {
		for _, t := range p.tests {
			var set []string
			if t.directive != "" && p.fileTags[t.file] == "" {
				set = append(set, "group: "+t.directive)
			}
			if t.serial {
				set = append(set, "serial: true")
			}
			if len(set) > 0 {
				fmt.Fprintf(&s, "  - {match: {package: ./%s, test: ^%s$}, %s}\n", p.name, t.name, strings.Join(set, ", "))
			}
			if len(t.locks) > 0 {
				fmt.Fprintf(&s, "  - {match: {package: %s, test: ^%s$}, lock: [%s]}\n", p.path(), t.name, strings.Join(t.locks, ", "))
			}
		}
	}
	return s.String()
}

// source is a file of p: its functions and directives, if no rules say the same.
func (p *soakPkg) source(file string, rules bool) string {
	var s strings.Builder
	if group := p.fileTags[file]; group != "" {
		fmt.Fprintf(&s, "//cohort:group %s\n", group)
	}
	fmt.Fprintf(&s, "package p\n\nimport (\n\t\"testing\"\n\n\t\"soak/script\"\n)\n")
	if p.withMain && file == p.tests[0].file {
		s.WriteString("\nfunc TestMain(m *testing.M) { script.Main(m) }\n")
	}
	for _, t := range p.tests {
		if t.file != file {
			continue
		}
		s.WriteString("\n")
		if t.directive != "" && (!rules || p.fileTags[file] != "") {
			fmt.Fprintf(&s, "//cohort:group %s\n", t.directive)
		}
		if t.serial && !rules {
			s.WriteString("//cohort:serial\n")
		}
		if t.split {
			s.WriteString("//cohort:split\n")
		}
		if len(t.locks) > 0 && !rules {
			fmt.Fprintf(&s, "//cohort:lock %s\n", strings.Join(t.locks, " "))
		}
		fmt.Fprintf(&s, "func %s(t *testing.T) { script.Run(t) }\n", t.name)
	}
	return s.String()
}

// files names p's files in order.
func (p *soakPkg) files() []string {
	var files []string
	for _, t := range p.tests {
		files = append(files, t.file)
	}
	return slices.Compact(files)
}

// arguments are cohort's words.
func (r *soakRound) arguments(events, history string) []string {
	args := []string{
		"--no-color", "--format=" + r.format, "--jsonfile=" + events, fmt.Sprint("--workers=", r.workers),
		"--history=" + history, "--link-cache=false", "--rerun-fails-max-failures=10000",
	}
	if !r.byRule {
		args = append(args, "--dist="+r.dist, fmt.Sprint("--rerun-fails=", r.reruns), "--rerun-delay=0")
	}
	if r.shuffle != "" && !(r.byRule && r.shuffle == "off") {
		args = append(args, "--shuffle="+r.shuffle)
	}
	if r.group != nil {
		args = append(args, "--group="+r.group.String())
	}
	if r.keepOn {
		args = append(args, "--group-failfast=false")
	}
	if r.split && !r.byRule {
		args = append(args, "--testmain=per-worker")
	}
	args = append(args, "--", fmt.Sprint("-count=", r.count), "-timeout="+r.timeout)
	if r.run != "" {
		args = append(args, "-run="+r.run)
	}
	if r.skip != "" {
		args = append(args, "-skip="+r.skip)
	}
	if r.failFast {
		args = append(args, "-failfast")
	}
	return append(args, "./...")
}

package scheduler

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// batch is what one process runs: one group, several loose tests, or a package.
type batch struct {
	pkg     *pkg
	tasks   []*task
	planned []planned // of all tasks; nil if it is not known what runs
	// all reports that the process gets the binary's own -run pattern.
	all bool
	// group is the declared group, "" for loose tests.
	group  string
	serial bool
	// shuffle is the process's -test.shuffle value, "" for source order.
	shuffle string
	count   int
	attempt int
	again   *rerun // nil in the first pass
	// baseline reports that the process runs no test.
	baseline bool
	// probe reports that the process only looks whether the order matters.
	probe bool

	planID   int // the planner's number
	started  bool
	progress progress

	number int // of the process, over the whole run
	slot   int
	feed   *feed
	// profile and testlog are the files that the process writes, "" for none.
	profile, testlog, coverDir string
}

// newBatch makes a batch of tasks of p, which are all loose or one group.
func (r *Run) newBatch(p *pkg, tasks []*task) *batch {
	b := &batch{pkg: p, tasks: tasks, all: true}
	for _, t := range tasks {
		if t.unit == nil && !t.part {
			b.planned, b.serial, b.group = t.planned, p.serial, p.soleGroup()
			break
		}
		b.all = false
		b.planned = append(b.planned, t.planned...)
		b.count = max(b.count, t.count)
		if t.part {
			b.serial = b.serial || p.anySerial(t.planned)
			continue
		}
		b.serial = b.serial || t.unit.def.Serial
		if t.unit.def.Declared {
			b.group = t.unit.def.Group
		}
	}
	b.shuffle = r.shuffleValue(b)
	return b
}

// holds reports whether a test of u is in the task.
func (p *pkg) holds(t *task, u *unit) bool {
	return slices.ContainsFunc(t.planned, func(test planned) bool { return p.byTest[test.name] == u })
}

// anySerial reports whether one of the tests may run beside no other process.
func (p *pkg) anySerial(tests []planned) bool {
	return slices.ContainsFunc(tests, func(t planned) bool { return p.byTest[t.name].def.Serial })
}

// soleGroup names the declared group that all tests of the package are in, "" if
// there is none.
func (p *pkg) soleGroup() string {
	if len(p.units) == 1 && p.units[0].def.Declared {
		return p.units[0].def.Group
	}
	return ""
}

// shuffleValue is the seed by which the process orders its tests: the
// permutation is made of all tests of the package, so that any batch runs its
// own in the relative order that go test -shuffle=SEED has.
func (r *Run) shuffleValue(b *batch) string {
	c, p := r.cfg, b.pkg
	ordered := !c.Shuffle || c.Dist == grouping.LoadPackage || (p.args.FailFast && !c.SeedChosen)
	for _, u := range p.units {
		inBatch := b.all || p.whole // what is left of a package keeps its order
		for _, t := range b.tasks {
			inBatch = inBatch || t.unit == u || t.part && p.holds(t, u)
		}
		ordered = ordered || inBatch && u.def.Group != ""
	}
	if ordered {
		return ""
	}
	return strconv.FormatInt(c.Seed, 10)
}

// shuffleLine is what the process prints of its seed, "" for nothing.
func (b *batch) shuffleLine() string {
	if b.shuffle == "" {
		return ""
	}
	return "-test.shuffle " + b.shuffle + "\n"
}

// ended is the message that a process has ended.
type ended struct {
	batch *batch
	exit  testbin.Exit
	s     settlement
	err   error // the process was not run
}

// runProcess runs a batch and settles its account. It runs in a goroutine of
// its own, which ends with the process, and sends the owner one message.
func (r *Run) runProcess(ctx context.Context, b *batch) {
	e := ended{batch: b}
	pattern := b.pkg.args.Run
	if !b.all {
		names := make([]string, len(b.planned))
		for i, t := range b.planned {
			names[i] = t.name
		}
		pattern, e.err = grouping.RunPattern(pattern, names)
	}
	if e.err == nil {
		e.err = b.checkPattern(pattern, maxArgument())
	}
	if e.err == nil && b.coverDir != "" {
		e.err = makeCoverDir(b.coverDir, b.pkg.args.CoverDir)
	}
	if e.err == nil {
		spec := r.spec(b, pattern)
		b.pkg.restore(spec.Path)
		e.exit, e.s = r.watch(ctx, b, spec)
	}
	b.feed.close()
	r.send(e)
}

// watch runs the process and reads what it prints.
func (r *Run) watch(ctx context.Context, b *batch, spec testbin.Spec) (testbin.Exit, settlement) {
	began := time.Now()
	watch := &stopwatch{now: time.Now, starts: make(map[string]time.Time)}
	parser := testbin.NewParser(b.known, func(e testbin.Event) {
		b.progress.note(e, r.since)
		watch.event(e)
		b.feed.event(e)
	})
	exit := testbin.Run(ctx, spec, processOutput{parser, b.feed})
	parser.Close()
	reason := exitReason(exit, spec)
	if line := exitLine(exit, spec); line != "" {
		b.feed.own(line)
	}
	code := exit.Code
	if code == 0 && !exit.OK() {
		code = -1
	}
	s := settle(ending{
		planned: b.planned, group: b.group, stopsEarly: b.stopsEarly(r.cfg),
		mayIdle: r.cfg.GoTest.Exec != nil || b.pkg.list != nil && b.pkg.list.TestMain,
		count:   parser.Count, seen: parser.Seen(), open: parser.Open(),
		last: b.feed.last, finals: b.feed.finals, contradiction: parser.Contradiction(),
		code: code, reason: reason, stopped: exit.Canceled,
	})
	b.feed.settle(s, reason)
	remembered := s
	if exit.Canceled {
		remembered.broken = nil // cut off: that says nothing of the tests
	}
	r.remember(b, watch, began, remembered)
	return exit, s
}

// known reports whether the process can run a top-level test of that name. What
// is not on its list it cannot, whatever it prints.
func (b *batch) known(name string) bool {
	if b.all {
		return b.pkg.known(name)
	}
	return slices.ContainsFunc(b.planned, func(p planned) bool { return p.name == name })
}

func (b *batch) stopsEarly(c *Config) bool {
	return b.pkg.args.FailFast || (b.group != "" && c.GroupFailFast)
}

// processOutput hands a process's output on and flushes after each chunk.
type processOutput struct {
	parser *testbin.Parser
	feed   *feed
}

func (o processOutput) Write(b []byte) (int, error) {
	n, err := o.parser.Write(b)
	o.feed.flush()
	return n, err
}

// spec describes the process.
func (r *Run) spec(b *batch, pattern string) testbin.Spec {
	c, p := r.cfg, b.pkg
	path := p.req.Binary
	if b.again != nil {
		path = p.binary
	}
	process := gotest.Process{
		Run: pattern, Shuffle: b.shuffle, FailFast: b.stopsEarly(c), Count: b.count,
		CoverProfile: b.profile, CoverDir: b.coverDir, TestLog: b.testlog,
	}
	if b.all {
		process.CoverDir = p.args.CoverDir
	}
	if c.GoTest.Timeout > 0 {
		process.Timeout = c.GoTest.Timeout.String()
	}
	return testbin.Spec{
		Path: path, Args: p.args.Args(process), Exec: c.GoTest.Exec,
		Dir: p.req.Dir, Env: r.environ(b),
		KillAfter: killAfter(c.GoTest.Timeout), WaitDelay: waitDelay(c.GoTest.Timeout),
		Grace: grace, Kill: r.kill,
	}
}

// grace is how long test processes have after a signal (SPEC.md §9).
const grace = 10 * time.Second

// environ is the environment of a process: exec-test's, and what tells the
// tests where they run.
func (r *Run) environ(b *batch) []string {
	env := make([]string, 0, len(b.pkg.req.Env)+6)
	for _, kv := range b.pkg.req.Env {
		own := strings.HasPrefix(kv, "COHORT_WORKER") || strings.HasPrefix(kv, "COHORT_RUN_ID=") ||
			strings.HasPrefix(kv, "COHORT_ATTEMPT=") || strings.HasPrefix(kv, "COHORT_GROUP=")
		if !own && (b.coverDir == "" || !strings.HasPrefix(kv, "GOCOVERDIR=")) {
			env = append(env, kv)
		}
	}
	env = append(r.userWork(env),
		"COHORT_WORKER="+strconv.Itoa(b.slot),
		"COHORT_WORKERS="+strconv.Itoa(r.cfg.Workers),
		"COHORT_RUN_ID="+r.cfg.ID,
		"COHORT_ATTEMPT="+strconv.Itoa(b.attempt))
	if b.group != "" {
		env = append(env, "COHORT_GROUP="+b.group)
	}
	if b.coverDir != "" {
		env = append(env, "GOCOVERDIR="+b.coverDir)
	}
	return env
}

// makeCoverDir makes a process's own directory for raw coverage data: the
// processes of a package would read each other's. What the go command has put
// into its directory, a list of meta-data files under -coverpkg, is copied.
func makeCoverDir(dir, from string) error {
	if err := os.Mkdir(dir, 0o700); err != nil || from == "" {
		return err
	}
	return os.CopyFS(dir, os.DirFS(from))
}

// exitReason says how a process ended, as the go command words it.
func exitReason(e testbin.Exit, s testbin.Spec) string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.TimedOut:
		return "timeout after " + s.KillAfter.String()
	case e.IncompleteIO:
		return "its output was still open " + s.WaitDelay.String() + " after it had ended"
	case e.Signal != nil:
		return "signal: " + e.Signal.String()
	}
	return "exit status " + strconv.Itoa(e.Code)
}

// exitLine is what the go command prints of a process that did not end by
// exiting, "" for one that did.
func exitLine(e testbin.Exit, s testbin.Spec) string {
	switch {
	case e.Err != nil:
		return e.Err.Error() + "\n"
	case e.TimedOut && e.Killed:
		return fmt.Sprintf("*** Test killed: ran too long (%v).\n", s.KillAfter)
	case e.TimedOut:
		return fmt.Sprintf("*** Test killed with quit: ran too long (%v).\n", s.KillAfter)
	case e.IncompleteIO:
		return fmt.Sprintf("*** Test I/O incomplete %v after exiting.\n", s.WaitDelay)
	case e.Signal != nil:
		return "signal: " + e.Signal.String() + "\n"
	}
	return ""
}

// own adds a line about the process to what the test that ran last printed.
func (f *feed) own(line string) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.m.line(f, testbin.KindOutput, f.test, []byte(line))
}

// settle tells the reader what the ledger made of the tests without a report.
func (f *feed) settle(s settlement, reason string) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	for _, t := range slices.Backward(s.broken) { // subtests before their parents
		f.subtests.note(testbin.KindFail, t.Name)
		f.report("FAIL", t.Name)
	}
	for _, t := range s.skipped {
		for range t.want {
			f.start(t)
			f.text(t.name, t.why)
			f.report("SKIP", t.name)
			t.resumed = false
		}
	}
	for _, t := range s.lost {
		f.start(t)
		f.text(t.name, "cohort: the test was to run and did not ("+reason+")")
		f.report("FAIL", t.name)
	}
}

func (f *feed) start(t planned) {
	if !t.resumed {
		f.m.line(f, testbin.KindRun, t.name, []byte("\x16=== RUN   "+t.name+"\n"))
	}
}

func (f *feed) text(test, text string) {
	f.m.line(f, testbin.KindOutput, test, []byte("    "+text+"\n"))
}

func (f *feed) report(result, test string) {
	kind := testbin.KindFail
	if result == "SKIP" {
		kind = testbin.KindSkip
	}
	f.m.line(f, kind, test, []byte("\x16--- "+result+": "+test+" (0.00s)\n"))
}

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/enginetest"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// party is a run on some machines, in one process.
type party struct {
	t      *testing.T
	server *enginetest.Server
	root   string
	start  Starter
	most   int64 // bytes of output

	mu    sync.Mutex // guards what follows
	says  []string
	left  []string
	nodes sync.WaitGroup
}

func newParty(t *testing.T, start Starter) *party {
	w := &party{t: t, root: t.TempDir(), start: start}
	w.server = enginetest.NewServer(remote.DefaultTerms(), time.Now)
	if err := os.MkdirAll(filepath.Join(w.root, "pkg"), 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *party) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.says = append(w.says, text)
}

// dial returns a node's engine, at the other end of a pipe.
func (w *party) dial(name string, fault func(ctx context.Context, op string, after bool) error) remote.Engine {
	near, far := net.Pipe()
	e := w.server.Engine(name)
	e.Fault = fault
	w.nodes.Go(func() { _ = Serve(w.t.Context(), e, far) })
	c, err := remote.Dial(w.t.Context(), near)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// Serve is remote.Serve; it ends with the client.
func Serve(ctx context.Context, e remote.Engine, conn io.ReadWriteCloser) error {
	return remote.Serve(context.WithoutCancel(ctx), e, conn)
}

// agent begins a node, which ends with ctx or the run. The leader's runner comes from led.
func (w *party) agent(ctx context.Context, name string, env []string, led chan<- *Runner) {
	w.agentOn(ctx, name, w.dial(name, nil), env, led)
}

func (w *party) agentOn(ctx context.Context, name string, e remote.Engine, env []string, led chan<- *Runner) {
	cfg := w.config(name, e, env, nil)
	cfg.MayLead = led != nil
	cfg.Led = func(run remote.Run, asked time.Time) { w.begin(ctx, name, e, run, asked, led) }
	w.nodes.Go(func() {
		code, why := NewAgent(cfg).Run(ctx)
		w.mu.Lock()
		w.left = append(w.left, fmt.Sprint(name, " ", code, " ", why))
		w.mu.Unlock()
		_ = e.Close()
	})
}

// config is that of an agent.
func (w *party) config(name string, e remote.Engine, env []string, change func(*AgentConfig)) AgentConfig {
	cfg := AgentConfig{
		AgentConfig: machine.AgentConfig{Node: name, Slots: 2, Terms: e.Terms(), Wait: 2 * time.Minute},
		Engine:      e, Binaries: NewBinaries(e, w.t.TempDir()), Facts: remote.Facts{Protocol: remote.Protocol, Go: "go1"},
		Root: w.root, Temp: w.t.TempDir(), Env: env, Start: w.start, MaxOutput: w.most, Say: w.say, Now: time.Now,
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// begin makes a node the leader.
func (w *party) begin(ctx context.Context, name string, e remote.Engine, run remote.Run, asked time.Time, led chan<- *Runner) {
	l := NewLead(LeadConfig{
		LeaderConfig: machine.LeaderConfig{Node: name, Terms: e.Terms(), Wait: 2 * time.Minute, Grace: 10 * time.Second},
		Engine:       e, Say: w.say, Now: time.Now,
	}, run, asked)
	w.nodes.Go(func() {
		if err := l.Run(ctx); err != nil {
			w.say(name + ": " + err.Error())
		}
	})
	led <- NewRunner(RunnerConfig{Engine: e, Root: w.root, Env: []string{"HOME=/home", "GOMAXPROCS=2"}, Names: []string{"SHOWN"}}, l)
}

// binary is a file that can be sent.
func (w *party) binary(name, content string) string {
	file := filepath.Join(w.t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o700); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// TestFiles: a process on another machine gets its binary, arguments, environment and folders, and
// its files and output come back as if it had run here.
func TestFiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen testbin.Spec
		w := newParty(t, func(_ context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
			seen = spec
			start := time.Now()
			value := func(name string) string {
				for _, arg := range spec.Args {
					if v, ok := strings.CutPrefix(arg, "-test."+name+"="); ok {
						return v
					}
				}
				t.Errorf("no %s in %q", name, spec.Args)
				return ""
			}
			inputs, err := os.ReadFile(filepath.Join(value("gocoverdir"), "meta"))
			if string(inputs) != "inputs" {
				t.Errorf("inputs %q, %v", inputs, err)
			}
			for name, text := range map[string]string{
				value("testlogfile"): "# test log\ngetenv HOME\ngetenv COHORT_WORKER\n", value("coverprofile"): "mode: set\n",
				filepath.Join(value("gocoverdir"), "covdata"): "data", filepath.Join(value("outputdir"), "TestA", "shot.txt"): "shot",
			} {
				if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
					t.Error(err)
				}
			}
			fmt.Fprintf(out, "\x16=== RUN   TestA\n\x16=== ARTI")
			time.Sleep(time.Second)
			fmt.Fprintf(out, "FACTS TestA %s/TestA\nlog\n", value("outputdir"))
			return testbin.Exit{Code: 1, Start: start, End: time.Now(), User: time.Second, MaxRSS: 5}
		})
		led := make(chan *Runner, 1)
		ctx, cancel := context.WithCancel(t.Context())
		w.agent(ctx, "n0", []string{"HOME=/home", "COHORT_QUEUE=secret", "SHOWN=agent"}, led)
		r := <-led
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		if err := errors.Join(os.Mkdir(at("cover"), 0o700), os.WriteFile(at("cover/meta"), []byte("inputs"), 0o600), os.Mkdir(at("artifacts"), 0o700)); err != nil {
			t.Fatal(err)
		}
		var out dates
		exit := r.Run(ctx, testbin.Spec{
			Path: w.binary("pkg.test", "binary"), Dir: filepath.Join(w.root, "pkg"), KillAfter: time.Minute, WaitDelay: 5 * time.Second, Grace: time.Second,
			Args: []string{"-test.testlogfile=" + at("log"), "-test.v=test2json", "-test.gocoverdir=" + at("cover"), "-test.run=^(A|B=c)$", "-test.coverprofile=" + at("profile"), "-test.outputdir=" + at("artifacts"), "tail", "-test.outputdir=tail"},
			Env:  []string{"HOME=/leader", "SHOWN=1", "HIDDEN=2", "COHORT_RUN_ID=r", "COHORT_WORKER=9", "COHORT_ATTEMPT=1", "GOCOVERDIR=" + at("cover") + "/children", "GOMAXPROCS=1"},
		}, &out)
		if exit.Code != 1 || exit.Err != nil || exit.End.Sub(exit.Start) != time.Second || exit.User != time.Second || exit.MaxRSS != 5 {
			t.Errorf("exit %+v", exit)
		}
		want := "0s \x16=== RUN   TestA\n1s \x16=== ARTIFACTS TestA " + at("artifacts") + "/TestA\nlog\n"
		if got := out.text(exit.Start); got != want {
			t.Errorf("output %q, want %q", got, want)
		}
		for name, want := range map[string]string{
			"log": "# test log\ngetenv HOME\ngetenv COHORT_WORKER\n", "profile": "mode: set\n", "cover/covdata": "data", "cover/meta": "inputs", "artifacts/TestA/shot.txt": "shot",
		} {
			if b, err := os.ReadFile(at(name)); string(b) != want {
				t.Errorf("%s: %q, %v; want %q", name, b, err, want)
			}
		}
		if seen.KillAfter != time.Minute || seen.WaitDelay != 5*time.Second || seen.Grace != time.Second || seen.Dir != filepath.Join(w.root, "pkg") || filepath.Base(seen.Path) != "pkg.test" {
			t.Errorf("spec %+v", seen)
		}
		if got := seen.Args[len(seen.Args)-2:]; got[0] != "tail" || got[1] != "-test.outputdir=tail" || seen.Args[3] != "-test.run=^(A|B=c)$" {
			t.Errorf("arguments %q", seen.Args)
		}
		slices.Sort(seen.Env)
		cover := strings.TrimPrefix(seen.Args[2], "-test.gocoverdir=")
		if got, want := strings.Join(seen.Env, " "), "COHORT_ATTEMPT=1 COHORT_RUN_ID=r COHORT_WORKER=0 COHORT_WORKERS=2 GOCOVERDIR="+cover+"/children GOMAXPROCS=1 HOME=/home PWD="+seen.Dir+" SHOWN=1"; got != want {
			t.Errorf("environment %s, want %s", got, want)
		}
		if b, err := os.ReadDir(filepath.Dir(cover)); err == nil {
			t.Errorf("%d files of the process are left", len(b))
		}
		r.lead.Finish(1, "FAIL")
		w.nodes.Wait()
		cancel()
		if got := strings.Join(w.left, ", "); got != "n0 1 FAIL" {
			t.Errorf("left: %s; said %q", got, w.says)
		}
	})
}

// dates is an out that keeps when what was written.
type dates struct {
	at   []time.Time
	data []string
}

func (d *dates) Write([]byte) (int, error) { panic("not dated") }

func (d *dates) WriteDated(at time.Time, b []byte) (int, error) {
	d.at, d.data = append(d.at, at), append(d.data, string(b))
	return len(b), nil
}

func (d *dates) text(start time.Time) string {
	var b strings.Builder
	for i, at := range d.at {
		fmt.Fprintf(&b, "%v %s", at.Sub(start), d.data[i])
	}
	return b.String()
}

// TestLog: a log of tests that read another value than they would have here is no log.
func TestLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		report Report
		keep   bool
	}{
		"the same":            {Report{Root: "/m", Read: map[string]string{"HOME": sumOfVariable([]string{"HOME=/h"}, "HOME"), "NONE": ""}}, true},
		"ours":                {Report{Root: "/m", Read: map[string]string{"COHORT_WORKER": "x", "GOTMPDIR": "y", "PWD": "z"}}, true},
		"another value":       {Report{Root: "/m", Read: map[string]string{"HOME": sumOfVariable([]string{"HOME=/x"}, "HOME")}}, false},
		"not set there":       {Report{Root: "/m", Read: map[string]string{"HOME": ""}}, false},
		"not set here":        {Report{Root: "/m", Read: map[string]string{"NONE": sumOfVariable([]string{"NONE="}, "NONE")}}, false},
		"another checkout":    {Report{Root: "/other"}, false},
		"read nothing at all": {Report{Root: "/m"}, true},
	} {
		log := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(log, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r := &Runner{cfg: RunnerConfig{Root: "/m", Env: []string{"HOME=/h"}}}
		err := r.judgeLog(tc.report, []place{{Place{Log: true}, log}})
		if _, serr := os.Stat(log); err != nil || (serr == nil) != tc.keep {
			t.Errorf("%s: %v, %v", name, err, serr)
		}
	}
}

// fake is a Starter whose processes take a time and print what they are.
type fake struct {
	takes time.Duration
	mu    sync.Mutex
	runs  map[string]int
	exit  func(name string) testbin.Exit
}

func (f *fake) start(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	name := spec.Args[0]
	f.mu.Lock()
	f.runs[name]++
	f.mu.Unlock()
	start := time.Now()
	fmt.Fprintln(out, "ran", name)
	select {
	case <-time.After(f.takes):
	case <-ctx.Done():
		s := signal(context.Cause(ctx))
		return testbin.Exit{Code: -1, Canceled: true, Start: start, End: time.Now(), Err: fmt.Errorf("signal %d", s)}
	case <-spec.Quit:
		return testbin.Exit{Code: 2, Quit: true, Start: start, End: time.Now()}
	}
	e := testbin.Exit{}
	if f.exit != nil {
		e = f.exit(name)
	}
	e.Start, e.End = start, time.Now()
	return e
}

// many runs processes in parallel, and returns what each printed and how it ended.
func (w *party) many(ctx context.Context, r *Runner, n int) []string {
	got := make([]string, n)
	var all sync.WaitGroup
	file := w.binary("pkg.test", "binary")
	for i := range n {
		all.Go(func() {
			var out bytes.Buffer
			e := r.Run(ctx, testbin.Spec{Path: file, Dir: w.root, Args: []string{fmt.Sprint("p", i)}}, &out)
			got[i] = fmt.Sprint(out.String(), e.Code, " ", e.Err)
		})
	}
	all.Wait()
	return got
}

// TestNodesComeAndGo: nodes end in the middle, others come late, and the server is away: each
// process has one result, and its output comes once.
func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: 7 * time.Second, runs: make(map[string]int)}
		w := newParty(t, f.start)
		led := make(chan *Runner, 1)
		w.agent(t.Context(), "n0", nil, led)
		r := <-led
		dies, die := context.WithCancel(t.Context())
		w.agent(dies, "n1", nil, nil)
		w.nodes.Go(func() {
			time.Sleep(10 * time.Second)
			die()
			w.agent(t.Context(), "n2", nil, nil)
			time.Sleep(10 * time.Second)
			w.server.SetDown(true)
			time.Sleep(8 * time.Second)
			w.server.SetDown(false)
		})
		for i, got := range w.many(t.Context(), r, 30) {
			if want := fmt.Sprintf("ran p%d\n0 <nil>", i); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		twice := 0
		for name, n := range f.runs {
			if n > 2 {
				t.Errorf("%s ran %d times", name, n)
			}
			twice += n - 1
		}
		if twice != 2 {
			t.Errorf("%d processes ran twice, want the 2 of the node that ended", twice)
		}
		time.Sleep(time.Minute) // until all that is left over would have come again
		if held := w.server.Held(); held != 0 {
			t.Errorf("%d batches are in the queue", held)
		}
		r.lead.Finish(0, "PASS")
		w.nodes.Wait()
		slices.Sort(w.left)
		if got := strings.Join(w.left, ", "); got != "n0 0 PASS, n1 3 it was ended, n2 0 PASS" {
			t.Errorf("left: %s", got)
		}
		says := strings.Join(w.says, "\n")
		for _, want := range []string{"=== Lost: machine n1 went away, 2 batches ran again elsewhere", "=== Queue: the server did not answer for 8s"} {
			if !strings.Contains(says, want) {
				t.Errorf("no %q in\n%s", want, says)
			}
		}
	})
}

package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// RunnerConfig says what a Runner hands out. Nothing changes it.
type RunnerConfig struct {
	Engine remote.Engine
	// Root is the module's root, an absolute path.
	Root string
	// Names are variables of this machine that tests on others see, Env is the environment that
	// cohort was started with.
	Names, Env []string
}

// Runner runs processes on the machines of a run. It is a worker.Runner.
type Runner struct {
	cfg   RunnerConfig
	lead  *Lead
	world *World // nil: processes need nothing of their workers
	began time.Time

	earlier earlier

	mu    sync.Mutex // guards what follows
	files map[string]*summed
	paths map[string]string // of files, by their sums
	times map[string]int    // that the same was handed out, by its sum
	heard map[string]bool   // what has come of set-ups, by machine and number
}

// summed is a file whose sum is known, or is being found out.
type summed struct {
	once sync.Once
	sum  string
	err  error
}

// NewRunner returns a runner for a leader, which need not have begun.
func NewRunner(cfg RunnerConfig, lead *Lead) *Runner {
	return &Runner{
		cfg: cfg, lead: lead, began: lead.cfg.Now(),
		files: make(map[string]*summed), paths: make(map[string]string), times: make(map[string]int), heard: make(map[string]bool),
	}
}

// Dated is an out that wants to know when what it gets was printed, by a clock of which only
// differences make sense.
type Dated interface {
	WriteDated(at time.Time, b []byte) (int, error)
}

// Live is an out that wants to know which test has run for long, since about a time: long before it gets
// anything of the process. It is told from another goroutine, and must not block.
type Live interface {
	Runs(test string, since time.Time)
}

// Run runs a process on some machine, and returns when its result is accepted. Only then its output
// is written to out, as [Dated] if out is that, and its files are written. An Exit with an error is of
// a process that no machine has run to its end.
//
// If the leader ends before, so does the run, and how the process ends is never known: then Run returns
// once ctx has ended, which the caller of [Lead.Run] sees to, and its Exit is of a process that ctx has
// ended.
func (r *Runner) Run(ctx context.Context, spec testbin.Spec, out io.Writer) testbin.Exit {
	var runs running
	if live, ok := out.(Live); ok {
		runs.tell = live.Runs
	}
	exit, err := r.run(ctx, spec, &runs, out)
	switch {
	case err == nil:
		return exit
	case r.over(ctx, err):
		<-ctx.Done()
		return runs.cutOff(r.lead.cfg.Now(), out)
	}
	return testbin.Exit{Code: -1, Canceled: ctx.Err() != nil, Err: fmt.Errorf("start %s: %w", spec.Path, err)}
}

func (r *Runner) run(ctx context.Context, spec testbin.Spec, runs *running, out io.Writer) (testbin.Exit, error) {
	if ctx.Err() != nil {
		return testbin.Exit{}, context.Cause(ctx)
	}
	for {
		exit, err := r.handOut(ctx, spec, runs, out)
		if !errors.Is(err, errUnasked) {
			return exit, err
		}
	}
}

// errUnasked is of a process that an earlier leader of the run had stopped. Its result is none for this one,
// which hands the same out once more, under another key.
var errUnasked = errors.New("an earlier leader has stopped it")

// handOut has a process run once.
func (r *Runner) handOut(ctx context.Context, spec testbin.Spec, runs *running, out io.Writer) (testbin.Exit, error) {
	b, payload, places, err := r.batch(ctx, spec)
	if err != nil {
		return testbin.Exit{}, err
	}
	submitted := r.lead.cfg.Now()
	d, err := r.await(ctx, spec, b.Key, r.lead.submit(b, &order{payload: payload, file: spec.Path, runs: runs.hear}))
	if err != nil {
		return testbin.Exit{}, err
	}
	if d.lost() {
		runs.ended()
		return r.lost(d, spec, out), nil
	}
	report, tail, err := unpackReport(d.result.Payload)
	if err != nil {
		return testbin.Exit{}, fmt.Errorf("machine %s: %w", d.result.Node, err)
	}
	r.hear(d.result.Node, report.World)
	if report.stopped() && !r.hasStopped(ctx) {
		return testbin.Exit{}, errUnasked
	}
	runs.ended() // all of its tests are in the result
	by, err := r.overruled(b)
	if err != nil {
		return testbin.Exit{}, err
	}
	if len(by) == 0 || isProbe(spec.Env) {
		return r.take(d, report, tail, places, submitted, out)
	}
	over := newOverruling(out, by)
	exit, err := r.take(d, report, tail, places, submitted, over)
	if err != nil || report.What != machine.Ran {
		return exit, err
	}
	return over.close(exit, b.Claim)
}

// batch makes a batch of a process. What its folders hold is stored; its binary is once another machine
// needs it.
func (r *Runner) batch(ctx context.Context, spec testbin.Spec) (b machine.Batch, payload []byte, places []place, err error) {
	from := leaving{r.cfg.Root, r.cfg.Names, r.cfg.Env}
	o, places, err := from.order(spec)
	if err == nil {
		o.Needs, err = r.world.needs(from, spec)
	}
	if err != nil {
		return b, nil, nil, err
	}
	if o.Binary, err = r.sum(spec.Path); err != nil {
		return b, nil, nil, err
	}
	var same string
	if o.Inputs, same, err = r.inputs(ctx, places); err != nil {
		return b, nil, nil, err
	}
	payload, err = json.Marshal(o)
	if err != nil {
		return b, nil, nil, err
	}
	o.Inputs = same
	identity, err := json.Marshal(o)
	if err != nil {
		return b, nil, nil, err
	}
	return machine.Batch{Key: r.key(identity, attempt(spec.Env)), Binary: o.Binary, Unit: spec.Unit, Claim: o.Claim}, payload, places, nil
}

// key names a batch by what it is and how often the same was handed out before: another leader of
// the run, which hands out the same, finds its result.
func (r *Runner) key(identity []byte, attempt int) remote.Key {
	name := sumOf(identity)[:32]
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.times[name]
	r.times[name]++
	return remote.Key{Batch: name + "-" + strconv.Itoa(n), Attempt: attempt}
}

// attempt is the test's attempt, by the environment that its process gets.
func attempt(env []string) int {
	n := 0
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, "COHORT_ATTEMPT="); ok {
			n, _ = strconv.Atoi(value) // cohort has written it
		}
	}
	return n
}

// isProbe reports whether a process that gets this environment runs to explain a failure, and is none.
func isProbe(env []string) bool { return slices.Contains(env, "COHORT_PROBE=1") }

// sum returns the sum of a file, which is read once.
func (r *Runner) sum(file string) (string, error) {
	r.mu.Lock()
	s := r.files[file]
	if s == nil {
		s = new(summed)
		r.files[file] = s
	}
	r.mu.Unlock()
	s.once.Do(func() {
		if s.sum, s.err = remote.FileSum(file); s.err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.paths[s.sum] = file
		}
	})
	return s.sum, s.err
}

// File returns a file of this machine with that sum, "" for none. It may be gone by now.
func (r *Runner) File(sum string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paths[sum]
}

// inputs stores what the folders hold that a process will write to. It returns the sum, "" for
// nothing, and the sum that each machine has of the same.
func (r *Runner) inputs(ctx context.Context, places []place) (sum, same string, err error) {
	all, err := trees(places, nil)
	if err != nil || len(all) == 0 {
		return "", "", err
	}
	alike, err := trees(places, anywhere)
	if err != nil {
		return "", "", err
	}
	sum, err = r.storeInputs(ctx, all)
	return sum, sumOf(alike), err
}

// trees is a stream of what folders hold, each file as edit has it.
func trees(places []place, edit func(name string, b []byte) []byte) ([]byte, error) {
	var all bytes.Buffer
	w := &streamWriter{w: &all, edit: edit}
	for i, p := range places {
		if p.Folder {
			if err := w.Tree(i, p.path); err != nil {
				return nil, err
			}
		}
	}
	return all.Bytes(), nil
}

// metaFile is a path in what the go command tells test binaries of -coverpkg: where it has the description of
// what other packages cover. The folder is one of its own.
var metaFile = regexp.MustCompile(`"[^"]*[/\\](covmeta\.)`)

// anywhere is what a file holds, without the folders of one machine.
func anywhere(name string, b []byte) []byte {
	if name != "metafiles.txt" {
		return b
	}
	return metaFile.ReplaceAll(b, []byte(`"$1`))
}

// storeInputs stores a stream and returns its sum.
func (r *Runner) storeInputs(ctx context.Context, all []byte) (string, error) {
	f, err := os.CreateTemp("", "cohort-inputs-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // best effort
	if _, err := f.Write(all); err != nil {
		return "", errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	sum := sumOf(all)
	return sum, patiently(ctx, func() error { return r.cfg.Engine.PutBlob(ctx, sum, f.Name()) })
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// await waits for the result of a batch, and hands on what ends it before.
func (r *Runner) await(ctx context.Context, spec testbin.Spec, k remote.Key, o *order) (delivery, error) {
	done, quit, kill := ctx.Done(), spec.Quit, (<-chan struct{})(nil)
	var late <-chan time.Time
	stop := remote.Stop{Batch: k.Batch, Attempt: k.Attempt}
	for {
		select {
		case d := <-o.delivered:
			return d, d.err
		case <-r.lead.loop.ended:
			select { // it was delivered just before
			case d := <-o.delivered:
				return d, d.err
			default:
				return delivery{}, r.lead.why()
			}
		case <-done:
			done, quit, kill = nil, nil, spec.Kill
			stop.Quit, stop.Signal = false, signal(context.Cause(ctx))
			r.lead.halt(stop)
		case <-quit:
			quit = nil
			stop.Quit = true
			r.lead.halt(stop)
		case <-kill:
			kill, late = nil, time.After(killWait)
			stop.Kill = true
			r.lead.halt(stop)
		case <-late:
			return delivery{}, errUnheard
		}
	}
}

// signal is the number of the signal that ends processes, 0 for the usual one.
func signal(cause error) int {
	if s, ok := errors.AsType[testbin.Signal](cause); ok {
		if n, ok := s.Signal.(syscall.Signal); ok {
			return int(n)
		}
	}
	return 0
}

// take writes what a process has left, and returns how it ended.
func (r *Runner) take(d delivery, report Report, tail []byte, places []place, submitted time.Time, out io.Writer) (testbin.Exit, error) {
	switch report.What {
	case machine.Ran:
	case machine.Refused:
		if report.Refused == nil {
			return testbin.Exit{}, fmt.Errorf("machine %s: a set-up has failed, and it is not known which", d.result.Node)
		}
		return testbin.Exit{Code: -1, Err: report.Refused}, nil
	case machine.Stopped:
		return testbin.Exit{Code: -1, Canceled: true}, nil
	default:
		return testbin.Exit{}, fmt.Errorf("machine %s: %s", d.result.Node, report.Why)
	}
	exit := shifted(report.Exit.exit(), submitted, r.lead.cfg.Now())
	exit.Machine = d.result.Node
	s, err := stream(r.lead.ctx, r.cfg.Engine, report, tail)
	if err != nil {
		return exit, err
	}
	w := &relocated{out: out, start: exit.Start, from: report.Places, to: places}
	err = readStream(s, places, w.write)
	err = errors.Join(err, w.flush(), s.Close())
	if err == nil {
		err = r.judgeLog(report, places)
	}
	if err != nil {
		exit.Err = errors.Join(exit.Err, err)
	}
	return exit, nil
}

// stopped reports whether the process was ended by a leader, or was not begun as one had it stopped.
func (r Report) stopped() bool {
	return r.What == machine.Stopped || r.What == machine.Ran && r.Exit.exit().Canceled
}

// hasStopped reports whether it was this leader that had a process stopped. If that is what ends the run, it
// waits until the run here knows that too.
func (r *Runner) hasStopped(ctx context.Context) bool {
	if r.lead.canceled.Load() {
		select {
		case <-ctx.Done():
		case <-r.lead.loop.ended:
		}
		return true
	}
	return ctx.Err() != nil
}

// shifted has an exit's times by this machine's clock: unless they can be, the process ended just
// now. How long it took stays.
func shifted(e testbin.Exit, submitted, now time.Time) testbin.Exit {
	if !e.Start.IsZero() && (e.Start.Before(submitted) || e.End.After(now)) {
		e.Start, e.End = now.Add(-e.End.Sub(e.Start)), now
	}
	return e
}

// judgeLog removes the log of what tests have read if that was not the same here: without it the go
// command does not cache the result.
func (r *Runner) judgeLog(report Report, places []place) error {
	same := report.Root == r.cfg.Root
	for name, sum := range report.Read {
		// The first is ours to choose, and the second is left out of logs.
		if strings.HasPrefix(name, "COHORT_") || name == "GOTMPDIR" || name == "PWD" {
			continue
		}
		same = same && sumOfVariable(r.cfg.Env, name) == sum
	}
	if same {
		return nil
	}
	for _, p := range places {
		if p.Log {
			if err := os.Remove(p.path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// relocated writes output in which the folders of artifacts are those of this machine.
type relocated struct {
	out   io.Writer
	start time.Time
	from  []string
	to    []place
	held  []byte // the beginning of a line that may name a folder
	at    time.Duration
}

// artifacts begins the line that names a folder of artifacts.
const artifacts = "=== ARTIFACTS"

// folders reports whether there are folders to name.
func (w *relocated) folders() bool {
	return slices.ContainsFunc(w.to, func(p place) bool { return p.Folder }) && len(w.from) == len(w.to)
}

func (w *relocated) write(at time.Duration, b []byte) error {
	w.at = at
	if !w.folders() {
		return w.put(b)
	}
	b = append(w.held, b...)
	w.held = nil
	if i := bytes.LastIndexByte(b, '\n'); len(b)-i-1 <= maxPath && bytes.Contains(b[i+1:], []byte("=== ")) {
		w.held = slices.Clone(b[i+1:])
		b = b[:i+1]
	}
	return w.put(w.moved(b))
}

// moved has the folders of this machine in the lines that name one.
func (w *relocated) moved(b []byte) []byte {
	if !bytes.Contains(b, []byte(artifacts)) {
		return b
	}
	var out []byte
	for line := range bytes.Lines(b) {
		for i, p := range w.to {
			if p.Folder && bytes.Contains(line, []byte(artifacts)) {
				line = bytes.ReplaceAll(line, []byte(w.from[i]+string(filepath.Separator)), []byte(p.path+string(filepath.Separator)))
			}
		}
		out = append(out, line...)
	}
	return out
}

func (w *relocated) flush() error {
	b := w.held
	w.held = nil
	return w.put(w.moved(b))
}

func (w *relocated) put(b []byte) error { return writeDated(w.out, w.start.Add(w.at), b) }

// writeDated writes what was printed at a time, if there is anything.
func writeDated(out io.Writer, at time.Time, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if d, ok := out.(Dated); ok {
		_, err := d.WriteDated(at, b)
		return err
	}
	_, err := out.Write(b)
	return err
}

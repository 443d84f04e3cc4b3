package node

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/gotestcohort/cohort/scheduler/worker"
	"github.com/gotestcohort/cohort/scheduler/world"
)

// worlds are the set-ups of this machine's workers. What is started and ended when is decided by a
// [world.State], which knows nothing but this machine. Methods may be called concurrently.
type worlds struct {
	cfg    *AgentConfig
	stands func() // is called before something is set up for the first time; it may block

	mu      sync.Mutex // guards what follows
	phase   worldPhase
	scene   *scene        // nil: nothing was set up
	changed chan struct{} // closed when something has ended, and replaced
	ctx     context.Context
	halt    context.CancelFunc // ends set-ups
	last    context.Context
	cut     context.CancelFunc // ends tear-downs
	kill    chan struct{}      // closed to kill at once what was ended
	count   int                // of scenes, and so of folders
	seq     int                // of outcomes
	untold  []Outcome          // in no result that stands
	failed  []Outcome          // set-ups that have failed
	acts    sync.WaitGroup
}

// worldPhase is whether something is set up.
type worldPhase uint8

const (
	worldOpen worldPhase = iota
	worldEnding
	worldEnded // until something is needed again
)

// scene is a world of one leader.
type scene struct {
	key    string
	state  *world.State
	runner *world.Runner
	// closing: it is being torn down for another leader's, and nothing enters it any more.
	closing bool
}

func newWorlds(cfg *AgentConfig, stands func()) *worlds {
	w := &worlds{cfg: cfg, stands: stands, changed: make(chan struct{})}
	w.open()
	return w
}

// open lets something be set up.
func (w *worlds) open() {
	w.phase, w.scene, w.failed = worldOpen, nil, nil
	w.ctx, w.halt = context.WithCancel(context.Background())
	w.last, w.cut = context.WithCancel(context.Background())
	w.kill = make(chan struct{})
}

// entered is what a process has of the world.
type entered struct {
	vars  []world.Variable
	leave func() // the process has ended
}

// enter waits until everything is set up that a process needs. A [worker.SetupError] says which set-up has
// failed.
func (w *worlds) enter(ctx context.Context, worker, workers int, n *Needs) (entered, error) {
	for first := true; ; first = false {
		if first {
			w.stands()
		}
		e, wait, err := w.ask(worker, workers, n)
		if err != nil || wait == nil {
			return e, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return e, context.Cause(ctx)
		}
	}
}

// ask tries once. If wait is not nil, it closes when it makes sense to ask again.
func (w *worlds) ask(on, workers int, n *Needs) (e entered, wait <-chan struct{}, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase == worldEnded {
		w.open()
	}
	if w.phase == worldEnding {
		return e, w.changed, nil
	}
	if s := w.scene; s != nil && (s.closing || s.key != n.key()) { // another leader has taken over
		s.closing = true
		s.state.Close(false)
		w.step(s)
		if !s.state.Over() {
			return e, w.changed, nil
		}
		s.runner.Close()
		w.scene, w.failed = nil, nil
	}
	if w.scene == nil {
		if w.scene, err = w.build(workers, n); err != nil {
			return e, nil, err
		}
	}
	s, need := w.scene, world.Need{Worker: on, Own: n.Own, For: n.For}
	answer, broken := s.state.Ask(need)
	switch answer {
	case world.Refused:
		return e, nil, &worker.SetupError{Name: n.Setups[broken.Number].Name, Number: broken.Number, Worker: broken.Worker}
	case world.Wait:
		w.step(s)
		return e, w.changed, nil
	}
	s.state.Begin(need)
	return entered{s.runner.ForProcess(on, n.Own), func() { w.left(s, need) }}, nil, nil
}

// build makes a scene in which nothing stands.
func (w *worlds) build(workers int, n *Needs) (*scene, error) {
	w.count++
	files := filepath.Join(w.cfg.Temp, "world"+strconv.Itoa(w.count))
	if err := os.Mkdir(files, 0o700); err != nil {
		return nil, err
	}
	return &scene{key: n.key(), state: world.NewState(0, n.lasting()), runner: world.NewRunner(world.Config{
		Worker: n.Setups, ID: n.ID, Workers: workers, Env: environ(w.cfg.Env, n.Env),
		Dir: filepath.Join(w.cfg.Root, filepath.FromSlash(n.Dir)), Files: files, Kill: w.kill, Now: w.cfg.Now,
	})}, nil
}

// left takes the end of a process.
func (w *worlds) left(s *scene, n world.Need) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.state.End(n)
	w.step(s)
	w.change()
}

func (w *worlds) change() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// step begins the commands that are to be run.
func (w *worlds) step(s *scene) {
	s.state.Check()
	for _, a := range s.state.Next() {
		halt, last := w.ctx, w.last
		w.acts.Go(func() { w.act(halt, last, s, a) }) // ends with the command
	}
}

// act runs a command.
func (w *worlds) act(halt, last context.Context, s *scene, a world.Action) {
	out, told := world.Outcome{}, true
	if a.TearDown {
		out, told = s.runner.TearDown(last, a.Part)
		told = told && out.Command != ""
	} else {
		out = s.runner.SetUp(halt, a)
		// One that this machine's end has cut off says nothing: its process may run elsewhere.
		told = out.Err == nil || halt.Err() == nil
	}
	if w.cfg.World != nil && out.Command != "" {
		w.cfg.World(out)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if told {
		w.seq++
		packed := packOutcome(w.seq, out)
		w.untold = append(w.untold, packed)
		if !a.TearDown && out.Err != nil {
			w.failed = append(w.failed, packed)
		}
	}
	s.state.Ended(a, out.Err == nil)
	w.step(s)
	w.change()
}

// outcomes are those that a result is to tell of, at most so many. If it is one of a process that was
// refused, the set-ups that have failed are among them.
func (w *worlds) outcomes(refused bool) []Outcome {
	const most = 500 // a message has little room
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.untold[:min(len(w.untold), most)])
	if refused {
		for _, o := range w.failed {
			if !slices.ContainsFunc(all, func(other Outcome) bool { return other.Seq == o.Seq }) {
				all = append(all, o)
			}
		}
	}
	return bounded(all)
}

// told takes that these are known to the leader, or will be.
func (w *worlds) told(all []Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.untold = slices.DeleteFunc(w.untold, func(o Outcome) bool {
		return slices.ContainsFunc(all, func(other Outcome) bool { return other.Seq == o.Seq })
	})
}

// stop ends set-ups that run, and lets no other one start.
func (w *worlds) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	if w.scene != nil {
		w.scene.state.Halt()
	}
}

// abandon ends tear-downs that run, and lets no other one start.
func (w *worlds) abandon() {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.scene != nil {
		w.scene.state.Abandon()
	}
	w.cut()
	if w.kill != nil {
		close(w.kill)
		w.kill = nil
	}
	w.change()
}

// end tears down what stands, or leaves it, and tells of what stays. No process runs that uses it.
func (w *worlds) end(keep bool) {
	w.stop()
	w.mu.Lock()
	if w.phase != worldOpen {
		w.mu.Unlock()
		return
	}
	w.phase = worldEnding
	s := w.scene
	if s != nil {
		s.state.Close(keep)
		w.step(s)
		for !s.state.Over() {
			wait := w.changed
			w.mu.Unlock()
			<-wait // each command ends
			w.mu.Lock()
		}
	}
	w.mu.Unlock()
	w.acts.Wait()
	if s != nil {
		if left := s.state.Left(); len(left) > 0 && w.cfg.Stays != nil {
			w.cfg.Stays(s.runner.Remains(left), keep)
		}
		s.runner.Close()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	w.cut()
	w.phase = worldEnded
	w.change()
}

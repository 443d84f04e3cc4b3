package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report/progress"
)

// Config says what a Handler writes, and where.
type Config struct {
	Format        string // the name of one of gotestsum's formats; NewHandler refuses any other
	FormatOptions testjson.FormatOptions
	Stdout        io.Writer // formatted events
	Stderr        io.Writer // what go test wrote to its stderr; gets whole lines, from two goroutines
	Lines         *Lines    // the one that the scanned streams go through
	JSONFile      string    // every event; "": none
	TimingFile    string    // pass, fail and skip events; "": none
	MaxOutput     int       // bytes of output of one test that are kept, head and tail; 0: all
	MaxFails      int       // end the scan after this many failures; 0: no limit
	// Excuses reports of a root test whether its failures do not count for MaxFails; nil: all do.
	Excuses      func(pkg, test string) bool
	ForgetPassed bool // nothing will ask for the tests that passed: do not keep them in memory
	// Live is told of failures that the format does not show when they happen; nil: nobody is.
	Live *progress.Live
	// Times takes the times of tests; nil: nobody asks for them.
	Times *Times
}

// Handler is a testjson.EventHandler that formats events and writes the event files.
// One goroutine may call Event while another calls Err.
type Handler struct {
	formatter testjson.EventFormatter
	verbatim  io.Writer // for the format that is the events themselves; else nil
	lines     *Lines
	maxFails  int
	excuses   func(pkg, test string) bool
	forget    bool
	passing   *passing       // nil: testjson gets all events
	dropped   map[string]int // of each package, how many of its tests passing took out
	outputs   *outputs       // nil: all output is kept
	json      *eventFile
	timing    *eventFile
	err       io.Writer
	live      *progress.Live // nil: failures are shown, or nobody is told
	times     *Times         // nil: not wanted
}

var _ testjson.EventHandler = (*Handler)(nil)

// NewHandler creates the event files. The caller calls Close, also after an error.
func NewHandler(cfg Config) (*Handler, error) {
	formatter := testjson.NewEventFormatter(cfg.Stdout, cfg.Format, cfg.FormatOptions)
	if formatter == nil {
		return &Handler{}, fmt.Errorf("unknown format %s", cfg.Format)
	}
	h := &Handler{formatter: formatter, lines: cfg.Lines, maxFails: cfg.MaxFails, excuses: cfg.Excuses, err: cfg.Stderr, times: cfg.Times}
	h.forget = cfg.ForgetPassed
	if !showsFailures(cfg.Format) {
		h.live = cfg.Live
	}
	// A scan that ends early counts what it has seen.
	if cfg.ForgetPassed && cfg.MaxFails == 0 && cfg.JSONFile == "" && cfg.TimingFile == "" && !showsPassed(cfg.Format) {
		h.passing, h.dropped = &passing{}, map[string]int{}
	}
	if cfg.MaxOutput > 0 {
		h.outputs = &outputs{max: cfg.MaxOutput}
	}
	switch cfg.Format {
	case "dots", "dots-v1", "dots-v2":
		h.err = io.Discard // extra lines would break the dots; the summary has them
	case "standard-json":
		h.verbatim = cfg.Stdout
	}
	var err error
	if h.json, err = createEventFile(cfg.JSONFile); err != nil {
		return h, err
	}
	h.timing, err = createEventFile(cfg.TimingFile)
	return h, err
}

// Events returns what of src, events that Lines has read, testjson needs to be given.
// One of the readers it returns may be in use at a time.
func (h *Handler) Events(src io.Reader) io.Reader {
	if h.passing != nil {
		src = h.passing.filter(src)
	}
	if h.outputs != nil {
		src = h.outputs.bound(src)
	}
	return src
}

// Err writes a line of go test's stderr. Like gotestsum it never fails: a terminal
// that cannot be written is no reason to end the tests.
func (h *Handler) Err(text string) error {
	_, _ = io.WriteString(h.err, text+"\n")
	return nil
}

// Event writes event to the files and shows it. Its error ends the scan.
func (h *Handler) Event(event testjson.TestEvent, exec *testjson.Execution) error {
	switch pkg := exec.Package(event.Package); {
	case pkg == nil:
		adopt(exec)
		return nil
	case h.passing != nil && event.Action == actionDropped:
		pkg.Total += int(event.Elapsed)
		h.dropped[event.Package] += int(event.Elapsed)
		return nil
	case event.Key == keyKept && event.Action == testjson.ActionOutput:
		return nil // it was shown before
	}
	restoreAction(&event)
	if err := h.record(event); err != nil {
		return fmt.Errorf("failed to write JSON file: %w", err)
	}
	if h.times != nil {
		h.times.note(event, exec.Package(event.Package))
	}
	ended := event.PackageEvent() && event.Action.IsTerminal()
	if h.forget && ended {
		forgetPassed(exec.Package(event.Package), h.dropped[event.Package])
	}
	if err := h.show(event, exec); err != nil {
		return fmt.Errorf("failed to format event: %w", err)
	}
	h.tellFailure(event, exec)
	return maxFailsReached(h.maxFails, h.excuses, event, exec)
}

// restoreAction gives an event the action that it had before it was amended for testjson.
func restoreAction(event *testjson.TestEvent) {
	switch {
	case event.Key == keyArtifacts && event.Action == testjson.ActionCont:
		event.Action, event.Key = "artifacts", ""
	case event.Key == keyOver && event.Action == testjson.ActionCont:
		event.Action, event.Key = testjson.ActionOutput, ""
	case event.Key == keyCalledOff && event.Action == testjson.ActionSkip:
		event.Action, event.Key = testjson.ActionFail, ""
	}
}

// adopt gives the package its own to a failed test that has none. testjson makes one up
// for the root of a failed subtest when no event has said that the root runs, and then
// fails to find its package.
func adopt(exec *testjson.Execution) {
	for _, name := range exec.Packages() {
		failed := exec.Package(name).Failed
		for i := range failed {
			failed[i].Package = name
		}
	}
}

// forgetPassed drops the tests of a package that passed; they stay counted. While a
// test of it has no end, testjson still looks for that test's root among them. dropped
// tests were counted and never there.
func forgetPassed(pkg *testjson.Package, dropped int) {
	if len(pkg.Passed)+len(pkg.Failed)+len(pkg.Skipped)+dropped == pkg.Total {
		pkg.Passed = nil
	}
}

// mayFail reports whether event can add to the failures: only then are they counted.
// A timeout counts from the moment it is printed.
func mayFail(event testjson.TestEvent) bool {
	return event.Action == testjson.ActionFail || strings.HasPrefix(event.Output, "panic: test timed out")
}

func (h *Handler) show(event testjson.TestEvent, exec *testjson.Execution) error {
	if h.verbatim != nil {
		if line, ok := h.lines.original(event.Bytes()); ok {
			if line == "" {
				return nil
			}
			_, err := io.WriteString(h.verbatim, line+"\n")
			return err
		}
		if raw, ok := unmarked(event.Bytes()); ok {
			_, err := h.verbatim.Write(append(raw, '\n'))
			return err
		}
	}
	return h.formatter.Format(event, exec)
}

// record writes event to the files, in the words it came in.
func (h *Handler) record(event testjson.TestEvent) error {
	raw := event.Bytes()
	if len(raw) == 0 || h.json == nil && h.timing == nil {
		return nil // without bytes it is one that testjson made up
	}
	if line, ok := h.lines.original(raw); ok {
		if line == "" {
			return nil
		}
		raw = []byte(line)
	}
	raw, _ = unmarked(raw)
	if err := h.json.write(raw); err != nil {
		return err
	}
	if !event.Action.IsTerminal() {
		return nil
	}
	if err := h.timing.write(raw); err != nil {
		return err
	}
	if event.PackageEvent() {
		return h.Flush()
	}
	return nil
}

// Flush makes the event files hold every event so far.
func (h *Handler) Flush() error { return errors.Join(h.json.flush(), h.timing.flush()) }

// Close completes the event files.
func (h *Handler) Close() error { return errors.Join(h.json.close(), h.timing.close()) }

// eventFile is a file of one event per line. A nil one takes and forgets everything.
type eventFile struct {
	file   *os.File
	buf    *bufio.Writer
	failed bool // the error has been told
}

func createEventFile(name string) (*eventFile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := create(name)
	if err != nil {
		return nil, fmt.Errorf("failed to create file: %w", err)
	}
	return &eventFile{file: f, buf: bufio.NewWriterSize(f, 64<<10)}, nil
}

// create creates a file and the directory it is in.
func create(name string) (*os.File, error) {
	// Whatever keeps the directory from being made keeps the file from it too, and
	// then says so.
	_ = os.MkdirAll(filepath.Dir(name), 0o755)
	return os.Create(name)
}

func (f *eventFile) write(line []byte) error {
	if f == nil {
		return nil
	}
	_, err := f.buf.Write(line)
	if err == nil {
		err = f.buf.WriteByte('\n')
	}
	return f.tell(err)
}

func (f *eventFile) flush() error {
	if f == nil {
		return nil
	}
	return f.tell(f.buf.Flush())
}

func (f *eventFile) close() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.flush(), f.file.Close())
}

// tell returns err, but only once: a bufio.Writer repeats its first error for ever.
func (f *eventFile) tell(err error) error {
	if err == nil || f.failed {
		return nil
	}
	f.failed = true
	return err
}

package merge

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/gotestcohort/cohort/report/cover"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/scheduler/gotest"
)

// Covered is what the shards have covered together, and what else is joined outside of this package.
type Covered struct {
	// Profile is nil if it is not known.
	Profile *gotest.Profile
	// Verdict is the answer to what is asked of it, nil for nothing.
	Verdict *cover.Verdict
	// History is what the shards add to the history, as a record holds it; nil: nothing is known.
	History io.Reader
	// Percent returns the line of a divided package, "" if it is not known.
	Percent func(pkg string) string
}

// Write writes the record of the whole run into w and closes it.
func (s *Set) Write(w *record.Writer, c Covered) error {
	m, profile, coverage := s.manifest(), c.Profile, c.Percent
	m.Verdict.Coverage = c.Verdict
	if err := s.writeStreams(w, coverage); err != nil {
		return errorsWith(err, w)
	}
	if err := s.writeProcesses(w); err != nil {
		return errorsWith(err, w)
	}
	var content io.Reader // a nil *Buffer is not a nil reader
	if profile != nil {
		var text bytes.Buffer
		if _, err := profile.WriteTo(&text); err != nil {
			return errorsWith(err, w)
		}
		content = &text
	}
	return w.Close(m, content, c.History)
}

// errorsWith gives a record up because of err.
func errorsWith(err error, w *record.Writer) error {
	if abandon := w.Abandon(); abandon != nil {
		return fmt.Errorf("%w (and the record: %w)", err, abandon)
	}
	return err
}

// attempts are reruns that wait for the first passes of all shards.
type attemptText struct {
	record.Attempt
	stdout, stderr bytes.Buffer
}

// streams writes what the shards printed: the first passes as one, then the reruns by their number.
type streams struct {
	w      *record.Writer
	first  *record.Stream
	join   joiner
	reruns []*attemptText
	told   map[string]int // messages and lines of stderr: the shard that told them
}

func (s *Set) writeStreams(w *record.Writer, coverage func(pkg string) string) error {
	out := &streams{w: w, first: w.Stream(record.Attempt{}), told: make(map[string]int)}
	out.join = joiner{left: s.pieces(), open: make(map[string]*divided), built: make(map[string]int), coverage: coverage}
	for i, r := range s.shards {
		if err := out.shard(i, r); err != nil {
			return fmt.Errorf("%s: %w", r.file, err)
		}
	}
	out.first.Close()
	slices.SortStableFunc(out.reruns, func(a, b *attemptText) int { return cmp.Compare(a.Number, b.Number) })
	for _, a := range out.reruns {
		stream := w.Stream(a.Attempt)
		// These writers do not fail.
		_, _ = stream.Stdout().Write(a.stdout.Bytes())
		_, _ = stream.Stderr().Write(a.stderr.Bytes())
		stream.Close()
	}
	return nil
}

// pieces returns how many pieces each divided package has.
func (s *Set) pieces() map[string]int {
	pieces := make(map[string]int)
	for _, p := range s.Plan.Packages {
		if len(p.Pieces) > 1 {
			pieces[p.Path] = len(p.Pieces)
		}
	}
	return pieces
}

// shard writes what a shard printed.
func (o *streams) shard(number int, r *shardRecord) error {
	own := make(map[int]*attemptText)
	for line, err := range r.Lines() {
		if err != nil {
			return err
		}
		switch again := own[line.Stream]; {
		case line.Side == record.Log:
			if o.once(number, "log", line.Text) {
				o.w.Log(string(line.Text) + "\n")
			}
		case line.Side == record.Begin && line.Attempt.Number > 0:
			again = &attemptText{Attempt: line.Attempt}
			own[line.Stream] = again
			o.reruns = append(o.reruns, again)
		case line.Side == record.Begin:
		case again != nil:
			again.add(line)
		case line.Side == record.Stderr:
			if o.once(number, "stderr", line.Text) {
				emit(o.first.Stderr())(line.Text)
			}
		default:
			if err := o.join.line(number, line.Text, emit(o.first.Stdout())); err != nil {
				return err
			}
		}
	}
	return nil
}

// once reports whether a line is to be told: not if an earlier shard has told the same.
func (o *streams) once(shard int, kind string, text []byte) bool {
	key := kind + " " + string(text)
	told, ok := o.told[key]
	if !ok {
		o.told[key] = shard
	}
	return !ok || told == shard
}

// add takes a line of the attempt.
func (a *attemptText) add(line record.Line) {
	to := &a.stdout
	if line.Side == record.Stderr {
		to = &a.stderr
	}
	to.Write(line.Text)
	if !line.Open {
		to.WriteByte('\n')
	}
}

// emit returns what writes lines to a stream of a record, which does not fail.
func emit(out io.Writer) func([]byte) {
	return func(text []byte) { _, _ = out.Write(append(slices.Clip(text), '\n')) }
}

// writeProcesses writes the processes of all shards, each with workers of its own.
func (s *Set) writeProcesses(w *record.Writer) error {
	numbers, workers := 0, 0
	for _, r := range s.shards {
		highest := -1
		for p, err := range r.Processes() {
			if err != nil {
				return fmt.Errorf("%s: %w", r.file, err)
			}
			highest = max(highest, p.Number)
			p.Number, p.Worker = p.Number+numbers, p.Worker+workers
			w.Process(p)
		}
		numbers, workers = numbers+highest+1, workers+r.Manifest.Workers
	}
	return nil
}

package testevent

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// KeyMissing marks the output event of a record that says how much of a test's output is missing
// in its place: its Value has the lines and the bytes.
const KeyMissing = "cohort-missing"

// Outputs bounds what is kept of the output of each test of a stream: the first half of Max, and at
// the test's end the last half. One goroutine may use it at a time.
type Outputs struct {
	// Max is in bytes of output. It is not 0.
	Max int

	tests map[string]*output // by name; but for last, unless that is stored
	last  last
	name  []byte  // to use again
	spare *output // to use again; nil: there is none
}

// output is the output of a test that has not ended.
type output struct {
	head    int // bytes that were kept at once
	tail    lines
	bytes   int // of output in tail
	missing Missing
	lost    []byte // an event of what is missing, of the test if there is no other one
	alarms  int
}

// Missing is what was left out of a test's output.
type Missing struct{ Lines, Bytes int }

// A Tail is what is kept of a test's output beyond its head.
type Tail struct {
	// Missing comes between head and tail.
	Missing Missing
	events  lines
	lost    []byte
}

// short is how much memory the events of a tail may take in any case, and many is how much more
// than its output: events of very short lines are long.
const (
	short = 1 << 20
	many  = 8
)

// Add takes line, the event e of an output, and reports whether it belongs to the head: the caller
// keeps it. If not, it is kept for the tail; nothing refers to line.
func (o *Outputs) Add(line []byte, e Event) bool {
	t, size := o.of(e), textLen(e.Output)
	if t.fits(size, o.Max/2) {
		return true
	}
	t.tail.add(line)
	t.bytes += size
	for t.bytes > o.Max-o.Max/2 || t.tail.size > max(short, many*int64(o.Max)) {
		t.drop()
	}
	return false
}

// over reports whether some of the output is not in the head.
func (t *output) over() bool { return t.tail.size > 0 || t.missing.Lines > 0 }

// empty reports whether there is no output.
func (t *output) empty() bool { return t.head == 0 && t.alarms == 0 && !t.over() }

// fits reports whether size more bytes are of the head, which may have most, and counts them then.
func (t *output) fits(size, most int) bool {
	if t.over() || t.head+size > most {
		return false
	}
	t.head += size
	return true
}

// Alarm reports whether e is an alarm that is to be kept where it is, whatever there was before it.
// Of one test the first ones are: nobody looks for more.
func (o *Outputs) Alarm(e Event) bool {
	const most = 100
	if !e.Alarms() {
		return false
	}
	t := o.of(e)
	t.alarms++
	return t.alarms <= most
}

// Miss takes line, an event e with KeyMissing: output of its test is missing in this place. Nothing
// refers to line.
func (o *Outputs) Miss(line []byte, e Event) {
	t, m := o.of(e), ParseMissing(string(e.Value))
	t.lost = bytes.Clone(line)
	t.missing.Lines += m.Lines
	t.missing.Bytes += m.Bytes
}

// of returns the output of the test of an event, which is the last one from now on.
func (o *Outputs) of(e Event) *output {
	o.name = appendName(o.name[:0], e)
	return o.use(o.name)
}

// use makes the test of a name the last one and returns its output. It keeps nothing of name.
func (o *Outputs) use(name []byte) *output {
	if o.last.test != nil && string(o.last.name) == string(name) {
		return o.last.test
	}
	o.store()
	t, stored := o.tests[string(name)]
	if !stored {
		t = o.fresh()
	}
	o.last.test, o.last.name, o.last.stored = t, append(o.last.name[:0], name...), stored
	return t
}

// fresh returns an empty output.
func (o *Outputs) fresh() *output {
	if t := o.spare; t != nil {
		o.spare = nil
		return t
	}
	return &output{}
}

// store puts the last test into tests.
func (o *Outputs) store() {
	t := o.last.test
	switch {
	case t == nil || o.last.stored:
		return
	case t.empty():
		o.last.test, o.spare = nil, t
		return
	case o.tests == nil:
		o.tests = make(map[string]*output)
	}
	o.tests[string(o.last.name)] = t
	o.last.stored = true
}

// drop takes the first event out of the tail.
func (t *output) drop() {
	line := t.tail.drop()
	if t.tail.size == 0 {
		t.lost = bytes.Clone(line)
	}
	e, _ := Parse(line) // it has been parsed before
	n := textLen(e.Output)
	t.bytes -= n
	t.missing.Lines++
	t.missing.Bytes += n
}

// Ended takes e, the end of a test or package, and returns the tails that are to be kept before it.
// The end of a package is that of all its tests.
func (o *Outputs) Ended(e Event) []Tail {
	name := string(appendName(nil, e))
	if len(e.Test) > 0 {
		return o.take(name)
	}
	return o.take(o.names(name)...)
}

// Finish takes that the stream has ended, and returns the tails of tests that have not.
func (o *Outputs) Finish() []Tail { return o.take(o.names("")...) }

// Forget takes the end of a test of which nothing more is to be kept.
func (o *Outputs) Forget(e Event) {
	o.store()
	o.forget(string(appendName(nil, e)))
}

// forget drops a test of tests.
func (o *Outputs) forget(name string) {
	delete(o.tests, name)
	if string(o.last.name) == name {
		o.last.test = nil
	}
}

// names returns the names of the tests that have not ended and begin so, in order.
func (o *Outputs) names(prefix string) []string {
	o.store()
	var names []string
	for name := range o.tests {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (o *Outputs) take(names ...string) []Tail {
	o.store()
	var all []Tail
	for _, name := range names {
		if t := o.tests[name]; t != nil && t.over() {
			all = append(all, Tail{t.missing, t.tail, t.lost})
		}
		o.forget(name)
	}
	return all
}

// Events yields the events of the tail as lines with their newlines.
func (t Tail) Events() iter.Seq[[]byte] { return t.events.all() }

// Note returns an event, a line with its newline, whose output says what is missing; nil if nothing
// is. It has KeyMissing if keyed.
func (t Tail) Note(keyed bool) []byte {
	if t.Missing.Lines == 0 {
		return nil
	}
	first := t.lost
	for line := range t.events.all() {
		first = line
		break
	}
	i := bytes.LastIndex(first, []byte(`,"Output":"`)) + len(`,"Output":"`)
	if i < len(`,"Output":"`) {
		return nil
	}
	note := fmt.Appendf(nil, `%s    cohort: %d lines of output, %d bytes, are left out here (--max-output)\n"`, first[:i], t.Missing.Lines, t.Missing.Bytes)
	if keyed {
		note = fmt.Appendf(note, `,"Key":"%s","Value":"%d %d"`, KeyMissing, t.Missing.Lines, t.Missing.Bytes)
	}
	return append(note, "}\n"...)
}

// ParseMissing reads the Value of an event with KeyMissing. It is zero for one that no record has.
func ParseMissing(value string) Missing {
	lines, size, _ := strings.Cut(value, " ")
	l, err := strconv.ParseUint(lines, 10, strconv.IntSize-1)
	n, sizeErr := strconv.ParseUint(size, 10, strconv.IntSize-1)
	if err != nil || sizeErr != nil {
		return Missing{}
	}
	return Missing{int(l), int(n)}
}

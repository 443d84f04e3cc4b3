package testevent

import "bytes"

// Most events are the output of the test that printed last, and its beginning and end. Those are
// told by comparing bytes, without taking a line apart and without looking for its test.

// last is the test that began or printed last.
type last struct {
	test   *output // nil: there is none
	name   []byte
	stored bool // it is in Outputs.tests
}

// appendName appends what names a test, or a package as a whole, in the line of an event: all from
// behind its action up to the quote at the end of the name. No name begins with another one, but
// for those of a package's tests, which begin with that of the package.
func appendName(out []byte, e Event) []byte {
	out = append(append(append(out, packagePrefix...), e.Package...), '"')
	if len(e.Test) > 0 {
		out = append(append(append(out, testPrefix...), e.Test...), '"')
	}
	return out
}

const (
	packagePrefix = `","Package":"`
	testPrefix    = `,"Test":"`
)

// Quick takes line, an event without its newline, and reports whether it is to be kept and nothing
// else comes of it. If not, the caller parses it and asks the other methods. Nothing refers to line.
func (o *Outputs) Quick(line []byte) bool {
	const before, most = `{"Time":"`, 64 // bytes of a time or an action
	rest, ok := bytes.CutPrefix(line, []byte(before))
	if !ok {
		return false
	}
	i := bytes.IndexByte(rest[:min(most, len(rest))], '"')
	if i <= 0 || rest[i-1] == '\\' {
		return false
	}
	if rest, ok = bytes.CutPrefix(rest[i:], []byte(`","Action":"`)); !ok {
		return false
	}
	if i = bytes.IndexByte(rest[:min(most, len(rest))], '"'); i < 0 {
		return false
	}
	switch action, rest := rest[:i], rest[i:]; string(action) {
	case "output":
		return o.quickOutput(rest)
	case "pass", "fail", "skip":
		return o.quickEnd(rest)
	case "run":
		o.quickRun(rest)
		return true
	case "pause", "cont", "start":
		return true
	}
	return false
}

// quickRun takes what comes behind the action of a test's beginning: its output comes next.
func (o *Outputs) quickRun(rest []byte) {
	name, ok := bytes.CutSuffix(rest, []byte("}"))
	if !ok {
		return
	}
	f := fields{rest: name}
	f.text(packagePrefix)
	f.text(testPrefix)
	if !f.bad && len(f.rest) == 0 {
		o.use(name)
	}
}

// quickOutput takes what comes behind the action of an output.
func (o *Outputs) quickOutput(rest []byte) bool {
	rest, ok := bytes.CutPrefix(rest, o.last.name)
	if !ok || o.last.test == nil {
		return false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"Output":"`)); !ok {
		return false
	}
	end := textEnd(rest)
	if end < 0 || string(rest[end:]) != `"}` {
		return false
	}
	e := Event{Output: rest[:end]}
	return !e.Alarms() && o.last.test.fits(textLen(e.Output), o.Max/2)
}

// quickEnd takes what comes behind the action of the end of a test, or of a package: that is the end
// of its tests too, and not quick.
func (o *Outputs) quickEnd(rest []byte) bool {
	rest, ok := bytes.CutPrefix(rest, o.last.name)
	t := o.last.test
	if !ok || t == nil || t.over() {
		return false
	}
	f := fields{rest: rest}
	if bytes.HasPrefix(rest, []byte(`,"Elapsed":`)) {
		f.number(`,"Elapsed":`)
	}
	if f.bad || string(f.rest) != "}" || !bytes.Contains(o.last.name, []byte(testPrefix)) {
		return false
	}
	if o.last.stored {
		delete(o.tests, string(o.last.name))
	}
	*t = output{}
	o.last.test, o.spare = nil, t
	return true
}

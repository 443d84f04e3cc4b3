// Package testevent reads the lines of go test -json without decoding them, and bounds what is kept of
// the output of each test: its head and its tail.
package testevent

import "bytes"

// Event is an event as the go command writes it: strings still hold JSON's escapes. It refers to the
// line that it was read from.
type Event struct {
	Action, Package, Test, Output, Elapsed, Key, Value []byte
}

// Alarms reports whether testjson looks for such output, whoever prints it. After a
// timeout it even changes what it does with other events.
func (e Event) Alarms() bool {
	return bytes.HasPrefix(e.Output, []byte("panic: ")) || bytes.HasPrefix(e.Output, []byte("WARNING: DATA RACE"))
}

// Ends reports whether e is the last event of a test or package.
func (e Event) Ends() bool {
	return string(e.Action) == "pass" || string(e.Action) == "fail" || string(e.Action) == "skip"
}

// Parse takes a line, with or without its newline, apart without decoding it. It is false for a
// line that the go command would not have written so.
func Parse(line []byte) (e Event, ok bool) {
	f := fields{rest: line}
	f.text(`{"Time":"`)
	e.Action = f.text(`,"Action":"`)
	e.Package = f.text(`,"Package":"`)
	if bytes.HasPrefix(f.rest, []byte(`,"Test":"`)) {
		e.Test = f.text(`,"Test":"`)
	}
	if bytes.HasPrefix(f.rest, []byte(`,"Elapsed":`)) {
		e.Elapsed = f.number(`,"Elapsed":`)
	}
	if bytes.HasPrefix(f.rest, []byte(`,"Output":"`)) {
		e.Output = f.text(`,"Output":"`)
	}
	if bytes.HasPrefix(f.rest, []byte(`,"Key":"`)) {
		e.Key = f.text(`,"Key":"`)
		e.Value = f.text(`,"Value":"`)
	}
	rest := string(bytes.TrimSuffix(f.rest, []byte("\n")))
	return e, !f.bad && rest == "}" && len(e.Action) > 0 && len(e.Package) > 0
}

// fields reads the fields of an event one after the other.
type fields struct {
	rest []byte
	bad  bool
}

// text reads a string that follows prefix, which ends with the string's quote.
func (f *fields) text(prefix string) []byte {
	rest, ok := bytes.CutPrefix(f.rest, []byte(prefix))
	end := -1
	if ok {
		end = textEnd(rest)
	}
	if end < 0 {
		f.bad, f.rest = true, nil
		return nil
	}
	f.rest = rest[end+1:]
	return rest[:end]
}

// textEnd returns where the quote is that ends a string, of which the first quote is not in s; -1:
// there is none.
func textEnd(s []byte) int {
	for end := 0; ; end++ {
		i := bytes.IndexByte(s[end:], '"')
		if i < 0 {
			return -1
		}
		if end += i; !escaped(s[:end]) {
			return end
		}
	}
}

// escaped reports whether a backslash escapes what follows s.
func escaped(s []byte) bool {
	n := 0
	for n < len(s) && s[len(s)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// number reads a number that follows prefix.
func (f *fields) number(prefix string) []byte {
	rest, ok := bytes.CutPrefix(f.rest, []byte(prefix))
	n := numberEnd(rest)
	f.rest, f.bad = rest[n:], f.bad || !ok || n == 0
	return rest[:n]
}

// numberEnd returns where the number ends that s begins with; 0: it begins with none.
func numberEnd(s []byte) int {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] == '.' || s[n] == 'e' || s[n] == 'E' || s[n] == '+' || s[n] == '-') {
		n++
	}
	return n
}

// textLen returns how long a text with JSON's escapes is, or less.
func textLen(s []byte) int {
	n := len(s)
	for i := bytes.IndexByte(s, '\\'); i >= 0 && i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			skip := 1
			if s[i+1] == 'u' {
				skip = 5
			}
			n -= skip
			i += skip
		}
	}
	return n
}

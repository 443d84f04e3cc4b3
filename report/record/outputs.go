package record

import "github.com/gotestcohort/cohort/report/testevent"

// bounded takes line, an event, and reports whether it is to be recorded now. What is held of the
// output of a test comes before its end.
func (w *streamWriter) bounded(line []byte) bool {
	e, ok := testevent.Parse(line)
	switch {
	case !ok:
		return true
	case e.Ends():
		w.tails(w.bound.Ended(e))
		return true
	case string(e.Action) != "output" || w.bound.Alarm(e):
		return true
	}
	return w.bound.Add(line, e)
}

// tails records what is kept of outputs that were too long, and what is missing of them.
func (w *streamWriter) tails(all []testevent.Tail) {
	e := w.stream.events
	for _, tail := range all {
		e.use(w.stream)
		e.buf = append(e.buf, tail.Note(true)...)
		for line := range tail.Events() {
			e.buf = append(e.buf, line...)
			e.settle()
		}
	}
}

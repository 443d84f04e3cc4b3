package record

import "time"

const (
	// flushEvery is how much of a run's end the record of a killed run lacks. Each time costs a few
	// bytes of compression.
	flushEvery = 2 * time.Second
	// processesEvery is how many of these times pass until processes are written as well: each of
	// these begins new entries.
	processesEvery = 15
)

// ticks write to the file from time to time what has not filled a chunk yet.
type ticks struct {
	stop chan struct{} // closed by end
	done chan struct{} // closed by the goroutine when it ends
}

func (t *ticks) begin(w *Writer) {
	t.stop, t.done = make(chan struct{}), make(chan struct{})
	go func() { // ends when end is called, which waits for it
		defer close(t.done)
		ticker := time.NewTicker(flushEvery)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-t.stop:
				return
			case <-ticker.C:
			}
			w.events.flush()
			if n%processesEvery == 0 {
				w.processes.flush()
			}
		}
	}()
}

func (t *ticks) end() {
	close(t.stop)
	<-t.done
}

// flush hands on all that there is, to be in the file at once.
func (e *events) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.buf) > 0 {
		e.buf = e.w.handOn(chunk{kind: eventsKind, data: e.buf, flush: true})
	}
}

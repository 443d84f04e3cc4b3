package main

import (
	"io"
	"time"
)

const (
	// patientPipe is the size of a pipe whose reader may take its time: what the go
	// command writes in some 20 ms at its fastest.
	patientPipe = 1 << 20
	// patience is how long such a reader waits for more.
	patience = 2 * time.Millisecond
	// lull is how long nothing comes before it is in no hurry any more. It is much longer than
	// patience: on a busy machine the go command pauses in the middle of a burst, and a reader that
	// waits for one event then takes the processor from it at the next.
	lull = 20 * time.Millisecond
	// hurried is how many reads in close succession make it wait.
	hurried = 2
)

// A patientReader reads a large pipe in large pieces. The go command writes each event
// by itself, and to wake a reader for each costs both processes more than the event
// does. So while reads come in close succession and get little, it waits a little
// before the next. It is for one goroutine.
type patientReader struct {
	io.Reader
	now   func() time.Time
	sleep func(time.Duration)
	last  time.Time // when the last read ended
	quick int       // reads in close succession
}

func (p *patientReader) Read(b []byte) (int, error) {
	if p.quick >= hurried {
		p.sleep(patience)
	}
	n, err := p.Reader.Read(b)
	now := p.now()
	if n < len(b) && now.Sub(p.last) < lull {
		p.quick++
	} else {
		p.quick = 0
	}
	p.last = now
	return n, err
}

// goOutput is how the output of a go command is read: in large pieces if its pipe can
// hold them.
func goOutput(pipe io.Reader) io.Reader {
	r := untilClosed{pipe}
	if !growPipe(pipe, patientPipe) {
		return r
	}
	return &patientReader{Reader: r, now: time.Now, sleep: time.Sleep}
}

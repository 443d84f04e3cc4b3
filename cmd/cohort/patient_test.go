package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

// A script is a reader that gives so many bytes per read, each read so long after the
// one before.
type script struct {
	clock time.Time
	every time.Duration
	sizes []int
}

func (s *script) Read(b []byte) (int, error) {
	if len(s.sizes) == 0 {
		return 0, io.EOF
	}
	n := s.sizes[0]
	s.sizes = s.sizes[1:]
	s.clock = s.clock.Add(s.every)
	return n, nil
}

func TestPatientReaderWaitsOnlyForABurst(t *testing.T) {
	t.Parallel()
	const size = 100
	little := []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
	for _, tt := range []struct {
		name  string
		every time.Duration
		sizes []int
		want  int // waits
	}{
		{"a burst", time.Millisecond, little, 8}, // from the fourth of ten to the end: the first is no successor
		{"a burst on a busy machine", lull - 1, little, 8},
		{"now and then", lull, little, 0},
		{"large pieces", time.Microsecond, []int{size, size, size, size, size, size, size, size}, 0},
		{"a piece that is full", time.Microsecond, []int{1, 1, 1, size, 1, 1, 1}, 3}, // for the piece, for the last one and the end
		{"few", time.Microsecond, []int{1, 1}, 0},
	} {
		s := &script{clock: time.Unix(1e9, 0), every: tt.every, sizes: tt.sizes}
		waits := 0
		r := &patientReader{Reader: s, now: func() time.Time { return s.clock }, sleep: func(d time.Duration) { waits++ }}
		b := make([]byte, size)
		for {
			if _, err := r.Read(b); err != nil {
				break
			}
		}
		if waits != tt.want {
			t.Errorf("%s: %d waits, want %d", tt.name, waits, tt.want)
		}
	}
}

// TestGoOutputReadsAll reads more than the pipe holds, written in small and large pieces.
func TestGoOutputReadsAll(t *testing.T) {
	t.Parallel()
	pr, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	want.Write(bytes.Repeat([]byte("x"), 3*patientPipe))
	written := make(chan error, 1)
	go func() { // ends when all is read
		rest := want.Bytes()
		for len(rest) > 0 {
			n := min(len(rest), 10)
			if len(rest) <= 3*patientPipe {
				n = len(rest)
			}
			if _, err := pw.Write(rest[:n]); err != nil {
				written <- err
				return
			}
			rest = rest[n:]
		}
		written <- pw.Close()
	}()
	got, err := io.ReadAll(goOutput(pr))
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("read %d bytes (%v), want the %d written", len(got), err, want.Len())
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	if err := pr.Close(); err != nil {
		t.Error(err)
	}
	if n, err := goOutput(pr).Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("a pipe that was closed: %d, %v; want the end", n, err)
	}
}

package scheduler

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// TestPipeIsNotPolled: files that Go's poller does not know have no deadlines.
func TestPipeIsNotPolled(t *testing.T) {
	t.Parallel()
	r, w, err := newPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SetReadDeadline(time.Time{}); !errors.Is(err, os.ErrNoDeadline) {
		t.Errorf("a deadline for the reader: %v, want none", err)
	}
	go func() { // ends when the text, which fits into the pipe, is written
		_, err := w.WriteString("text")
		if err := errors.Join(err, w.Close()); err != nil {
			t.Error(err)
		}
	}()
	text, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(text) != "text" {
		t.Errorf("read %q, %v", text, err)
	}
}

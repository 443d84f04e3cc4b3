package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gotestcohort/cohort/report/record"
)

// memoryFile is a file in memory.
type memoryFile struct{ bytes.Buffer }

func (*memoryFile) Close() error { return nil }

// recordOf returns a record with what fill writes.
func recordOf(t *testing.T, v record.Verdict, fill func(*record.Writer)) *record.Reader {
	t.Helper()
	var f memoryFile
	w := record.NewWriter(&f, nil)
	fill(w)
	if err := w.Close(record.Manifest{Verdict: v}, nil, nil); err != nil {
		t.Fatal(err)
	}
	r, err := record.NewReader(bytes.NewReader(f.Bytes()), int64(f.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// firstOf begins to play the first pass of a record.
func firstOf(ctx context.Context, t *testing.T, r *record.Reader) (*recordedSource, *stream) {
	t.Helper()
	src := newRecordedSource(r, io.Discard, nil)
	first, err := src.First(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return src, first
}

// TestPlayedInOrder reads stdout and stderr in two goroutines: each line comes when all before it have been
// dealt with, whichever side they are of.
func TestPlayedInOrder(t *testing.T) {
	t.Parallel()
	const lines = 500
	r := recordOf(t, record.Verdict{}, func(w *record.Writer) {
		s := w.Stream(record.Attempt{})
		for i := range lines {
			out := s.Stdout()
			if i%3 == 0 {
				out = s.Stderr()
			}
			fmt.Fprintf(out, "line %d\n", i)
		}
	})
	src, first := firstOf(t.Context(), t, r)
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for _, side := range []io.Reader{first.Stdout, first.Stderr} {
		wg.Go(func() {
			for s := bufio.NewScanner(side); s.Scan(); {
				mu.Lock()
				got = append(got, s.Text())
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(first.Wait(), src.Close()); err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if i >= len(got) || got[i] != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d of %d: %q", i, len(got), got[min(i, len(got)-1)])
		}
	}
}

// TestPlayedOneAtATime checks that a side waits while the other one may still work on what came before.
func TestPlayedOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := recordOf(t, record.Verdict{}, func(w *record.Writer) {
			s := w.Stream(record.Attempt{})
			fmt.Fprintln(s.Stdout(), "one")
			fmt.Fprintln(s.Stderr(), "two")
		})
		src, first := firstOf(t.Context(), t, r)
		buf := make([]byte, 10)
		if n, err := first.Stdout.Read(buf); string(buf[:n]) != "one\n" || err != nil {
			t.Fatalf("stdout: %q, %v", buf[:n], err)
		}
		var stderr []byte
		go func() { stderr, _ = io.ReadAll(first.Stderr) }() // ends with the stream
		synctest.Wait()
		if stderr != nil {
			t.Error("stderr came before stdout had been dealt with")
		}
		if n, err := first.Stdout.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("stdout: %q, %v", buf[:n], err)
		}
		synctest.Wait()
		if string(stderr) != "two\n" {
			t.Errorf("stderr: %q", stderr)
		}
		if err := errors.Join(first.Wait(), src.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestPlayCancelled ends both sides, although nobody has read the one that comes next.
func TestPlayCancelled(t *testing.T) {
	t.Parallel()
	r := recordOf(t, record.Verdict{First: 7}, func(w *record.Writer) {
		s := w.Stream(record.Attempt{})
		fmt.Fprintln(s.Stdout(), "never read")
		fmt.Fprintln(s.Stderr(), "waits for that")
		w.Stream(record.Attempt{Number: 1}).Close()
	})
	src, first := firstOf(t.Context(), t, r)
	done := make(chan error)
	go func() { // ends when its side does
		_, err := io.Copy(io.Discard, first.Stderr)
		done <- err
	}()
	src.Interrupt(os.Interrupt)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := first.Wait(); err != (exitStatus{7}) {
		t.Errorf("status %v, want exit 7", err)
	}
}

// TestPlayLeft: when enough of stdout was read, stderr is played to its end.
func TestPlayLeft(t *testing.T) {
	t.Parallel()
	r := recordOf(t, record.Verdict{}, func(w *record.Writer) {
		s := w.Stream(record.Attempt{})
		fmt.Fprintln(s.Stderr(), "first")
		fmt.Fprintln(s.Stdout(), "never read")
		fmt.Fprint(s.Stderr(), "second\nlast")
		s.Close()
		w.Stream(record.Attempt{Number: 1}).Close()
	})
	ctx, cancel := context.WithCancel(t.Context())
	_, first := firstOf(ctx, t, r)
	cancel()
	text, err := io.ReadAll(first.Stderr)
	if err != nil || string(text) != "first\nsecond\nlast" {
		t.Errorf("stderr %q, %v", text, err)
	}
	if text, err := io.ReadAll(first.Stdout); err != nil || len(text) > 0 {
		t.Errorf("stdout %q, %v", text, err)
	}
	if err := first.Wait(); err != nil {
		t.Error(err)
	}
}

// TestPlayedAnswers asks what the run was asked.
func TestPlayedAnswers(t *testing.T) {
	t.Parallel()
	verdict := record.Verdict{
		First: -1, Problem: "go test was killed", Refused: "no reruns", Broken: "reruns broke", Signal: 2, Seed: "7",
		Failed: []record.Outcome{{Package: "p", Name: "A", Attempts: 2, Command: "again", Note: "why"}}, Flaky: []record.Outcome{{Package: "p", Name: "B"}},
	}
	r := recordOf(t, verdict, func(w *record.Writer) {
		w.Log("before\n")
		fmt.Fprintln(w.Stream(record.Attempt{}).Stdout(), "first")
		w.Log("between\n")
		a := w.Stream(record.Attempt{Number: 1, Package: "p", Unit: "A", Tests: []string{"A"}})
		fmt.Fprint(a.Stdout(), "again")
		a.Close()
		b := w.Stream(record.Attempt{Number: 1, Package: "p", Unit: "B"}) // it printed nothing on stdout
		fmt.Fprintln(b.Stderr(), "oops")
		w.Log("after\n")
	})
	var told strings.Builder
	var signals []string
	src := newRecordedSource(r, &told, nil)
	src.ended = func(end runEnd) { signals = append(signals, fmt.Sprint(end.signal, " after ", told.Len())) }
	first, err := src.First(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(first.Stdout); string(text) != "first\n" || err != nil {
		t.Errorf("first pass: %q, %v", text, err)
	}
	if err := first.Wait(); err == nil || err.Error() != "go test was killed" || len(signals) > 0 {
		t.Errorf("status: %v; signals %v", err, signals)
	}
	if err := src.CheckRerun(nil, nil); err == nil || err.Error() != "no reruns" {
		t.Errorf("reruns: %v", err)
	}
	var attempts []string
	for a, err := range src.Reruns(t.Context(), nil) {
		if err != nil {
			attempts = append(attempts, err.Error())
			continue
		}
		text, _ := io.ReadAll(a.Stdout) // from memory
		attempts = append(attempts, fmt.Sprintf("%d %s %s %v %q stderr %t", a.RunID, a.Package, a.Unit, a.Tests, text, a.Stderr != nil))
	}
	if want := []string{`1 p A [A] "again" stderr false`, `1 p B [] "" stderr true`, "reruns broke"}; !slices.Equal(attempts, want) {
		t.Errorf("attempts: %q, want %q", attempts, want)
	}
	if len(signals) != 1 || !strings.HasPrefix(signals[0], "interrupt ") {
		t.Errorf("signals: %v", signals)
	}
	o := src.Verdict(nil)
	if o.Seed != "7" || len(o.Failed) != 1 || o.Failed[0].Note != "why" || o.Failed[0].Command != "again" || len(o.Flaky) != 1 {
		t.Errorf("outcome: %+v", o)
	}
	if err := src.Close(); err != nil || told.String() != "before\nbetween\nafter\n" {
		t.Errorf("messages: %q, %v", told.String(), err)
	}
}

package record

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told returns what a record says: its lines and its processes.
func told(t testing.TB, r *Reader) (lines, processes []string) {
	t.Helper()
	for line, err := range r.Lines() {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string([]byte{'0' + byte(line.Side)})+string(line.Text))
	}
	for p, err := range r.Processes() {
		if err != nil {
			t.Fatal(err)
		}
		processes = append(processes, p.Package)
	}
	return lines, processes
}

// TestRecoverTruncated cuts a record at every byte: what is recovered is a beginning of it.
func TestRecoverTruncated(t *testing.T) {
	t.Parallel()
	file := write(t, nil, sample)
	lines, processes := told(t, read(t, file))
	most := 0
	for n := range file {
		r, err := NewRecovered(bytes.NewReader(file[:n]), int64(n))
		if err != nil {
			if !errors.Is(err, ErrIncomplete) || n > 200 {
				t.Errorf("%d of %d bytes: %v", n, len(file), err)
			}
			continue
		}
		gotLines, gotProcesses := told(t, r)
		if len(gotLines) > len(lines) || !slices.Equal(gotLines, lines[:len(gotLines)]) {
			t.Errorf("%d of %d bytes: %q", n, len(file), gotLines)
		}
		if len(gotProcesses) > len(processes) || !slices.Equal(gotProcesses, processes[:len(gotProcesses)]) {
			t.Errorf("%d of %d bytes: processes %q", n, len(file), gotProcesses)
		}
		if len(gotLines) < most {
			t.Errorf("%d of %d bytes: only %d lines", n, len(file), len(gotLines))
		}
		most = len(gotLines)
		if v := r.Manifest.Verdict; v.Exit == 0 || v.First == 0 || !strings.Contains(v.Problem, "not complete") || r.Manifest.Version != Version || r.Manifest.Start.IsZero() {
			t.Errorf("%d of %d bytes: %+v", n, len(file), r.Manifest)
		}
	}
	if most != len(lines) {
		t.Errorf("%d of %d lines were recovered at most", most, len(lines))
	}
}

// sharedFile is a file in memory that is read while it is written.
type sharedFile struct {
	mu   sync.Mutex
	text []byte // guarded by mu
}

func (f *sharedFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = append(f.text, p...)
	return len(p), nil
}

func (f *sharedFile) content() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.Clone(f.text)
}

// TestRecoverKilled: what a run has printed is in the file two seconds later, its processes after
// half a minute.
func TestRecoverKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var file sharedFile
		w := NewWriter(nopCloser{&file}, nil)
		look := func() (lines, processes []string) {
			synctest.Wait()
			now := file.content()
			r, err := NewRecovered(bytes.NewReader(now), int64(len(now)))
			if err != nil {
				t.Fatal(err)
			}
			return told(t, r)
		}
		sample(w)
		if lines, _ := look(); len(lines) > 0 {
			t.Errorf("at once: %q", lines)
		}
		time.Sleep(flushEvery)
		first, processes := look()
		if len(first) < 10 || len(processes) > 0 {
			t.Errorf("after %v: lines %q, processes %q", flushEvery, first, processes)
		}
		w.Log("later\n")
		time.Sleep(flushEvery * processesEvery)
		lines, processes := look()
		if want := append(first, string('0'+byte(Log))+"later"); !slices.Equal(lines, want) || !slices.Equal(processes, []string{"shop/e2e"}) {
			t.Errorf("at last: lines %q, want %q; processes %q", lines, want, processes)
		}
		if err := w.Abandon(); err != nil {
			t.Error(err)
		}
	})
}

// TestRecover opens files: one of an abandoned record, and those that there is nothing to recover of.
func TestRecover(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "run.cohort")
	w, err := Create(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	sample(w)
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	r, err := Recover(name)
	if err != nil {
		t.Fatal(err)
	}
	if lines, processes := told(t, r); len(lines) < 10 || len(processes) != 1 {
		t.Errorf("%q, %q", lines, processes)
	}
	if c, err := r.Coverage(); c != nil || err != nil {
		t.Errorf("coverage: %v, %v", c, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(name, []byte("a text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Recover(name); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), name) {
		t.Errorf("a text: %v", err)
	}
	if _, err := Recover(name + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// FuzzRecover reads what is no complete record: to some end, without an error of the archive.
func FuzzRecover(f *testing.F) {
	file := write(f, nil, sample)
	f.Add(file)
	f.Add(file[:2*len(file)/3])
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewRecovered(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		for _, e := range r.entries {
			in, err := e.open()
			if err == nil {
				_, err = io.Copy(io.Discard, io.LimitReader(in, 1<<20))
			}
			if err != nil {
				t.Errorf("%s: %v", e.name, err)
			}
		}
		for line := range r.Lines() {
			_ = line
		}
	})
}

package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ReadTimingFiles reads the files that match the pattern as gotestsum's --jsonfile-timing-events (or --jsonfile)
// writes them, in the order of their names, and returns the durations of their top-level tests as a source of
// estimates. It knows no process starts and no seed.
//
// An error names file and line. A pattern that matches nothing is an error too: os.ErrNotExist.
func ReadTimingFiles(pattern string) (*Snapshot, error) {
	files, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("timing files %q: %w", pattern, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("timing files %q: %w", pattern, os.ErrNotExist)
	}
	r := (&History{}).NewRun(Run{})
	for _, file := range files {
		if err := readTimingFile(r, file); err != nil {
			return nil, err
		}
	}
	st := &state{next: 1}
	if d := r.take(); d != nil {
		st.apply(d)
	}
	return &Snapshot{state: st}, nil
}

func readTimingFile(r *Recorder, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read timing file: %w", err)
	}
	err = readTimings(r, f)
	// Nothing was written: a failing close loses nothing.
	_ = f.Close()
	if err != nil {
		return fmt.Errorf("timing file %s: %w", name, err)
	}
	return nil
}

// timingEvent is what is used of an event.
type timingEvent struct {
	Action  string
	Package string
	Test    string
	Elapsed float64 // seconds
}

func readTimings(r *Recorder, from io.Reader) error {
	in := bufio.NewReader(from)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if bad := readTiming(r, bytes.TrimSpace(line)); bad != nil {
			return fmt.Errorf("line %d: %w", number, bad)
		}
		if err != nil {
			return nil
		}
	}
}

// readTiming adds the event of one line, if it ends a top-level test.
func readTiming(r *Recorder, line []byte) error {
	if len(line) == 0 {
		return nil
	}
	var e timingEvent
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	var result Result
	switch e.Action {
	case "pass":
		result = Pass
	case "fail":
		result = Fail
	case "skip":
		result = Skip
	}
	if result == 0 || e.Test == "" || strings.Contains(e.Test, "/") {
		return nil
	}
	if e.Elapsed < 0 || e.Elapsed > math.MaxInt32 {
		return fmt.Errorf("elapsed %v is no duration in seconds", e.Elapsed)
	}
	r.Add(e.Package, e.Test, Outcome{Result: result, Elapsed: time.Duration(e.Elapsed * float64(time.Second))})
	return nil
}

// WithEstimates returns a snapshot that takes the durations of tests from other, where it knows them, and everything
// else from s: for --timing-files.
func (s *Snapshot) WithEstimates(other *Snapshot) *Snapshot {
	merged := *s
	merged.first = other
	return &merged
}

package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote/machine"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// FuzzReadStream: whatever comes, nothing is written outside of the places.
func FuzzReadStream(f *testing.F) {
	var b bytes.Buffer
	w := &streamWriter{w: &b}
	dir := f.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "sub"), 0o700), os.WriteFile(filepath.Join(dir, "sub", "x"), []byte("data"), 0o600),
		w.Output(time.Second, []byte("text\n")), w.Tree(1, dir), w.Tree(0, filepath.Join(dir, "sub", "x"))); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("f\x01\x0a../../evil\x01x"))
	f.Add([]byte("d\x01\x0a../../evil"))
	f.Add([]byte("o\x00\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		root := t.TempDir()
		places := []place{{Place{}, filepath.Join(root, "in", "file")}, {Place{Folder: true}, filepath.Join(root, "in", "folder")}}
		if err := os.MkdirAll(places[1].path, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = readStream(bytes.NewReader(data), places, func(time.Duration, []byte) error { return nil })
		entries, err := os.ReadDir(root)
		if err != nil || len(entries) != 1 {
			t.Errorf("%v, %v", entries, err)
		}
		entries, err = os.ReadDir(filepath.Join(root, "in"))
		for _, e := range entries {
			if err != nil || e.Name() != "file" && e.Name() != "folder" {
				t.Errorf("%v, %v", entries, err)
			}
		}
	})
}

// FuzzUnpackReport: whatever comes is read without a panic.
func FuzzUnpackReport(f *testing.F) {
	b, err := packReport(Report{What: machine.Ran, Exit: Exit{Code: 1}}, []byte("tail"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _, _ = unpackReport(data)
	})
}

// TestExit: an exit is the same behind a message.
func TestExit(t *testing.T) {
	t.Parallel()
	at := time.Unix(5, 0)
	for _, want := range []testbin.Exit{
		{}, {Code: 2, Start: at, End: at.Add(time.Second), User: 1, System: 2, MaxRSS: 3},
		{Code: -1, Signal: syscall.SIGKILL, TimedOut: true, Killed: true}, {Quit: true, Canceled: true, IncompleteIO: true},
	} {
		if got := packExit(want).exit(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if got := packExit(testbin.Exit{Err: errors.New("why")}).exit(); got.Err == nil || got.Err.Error() != "why" {
		t.Errorf("%+v", got)
	}
}

// TestOrderRefuses: what cannot run on another machine is an error that says why.
func TestOrderRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	l := leaving{root: root}
	for want, spec := range map[string]testbin.Spec{
		"is not below the module's root": {Path: "/p", Dir: filepath.Dir(root)},
		"-test.cpuprofile writes files":  {Path: "/p", Dir: root, Args: []string{"-test.cpuprofile=x"}},
		"-test.memprofile writes files":  {Path: "/p", Dir: root, Args: []string{"-test.v=true", "-test.memprofile", "x"}},
	} {
		if _, _, err := l.order(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	sum := strings.Repeat("0", 64)
	for want, o := range map[string]Order{
		"":                     {Binary: sum, Name: "p.test", Dir: "."},
		"no sum of its binary": {Binary: "../x", Name: "p.test", Dir: "."},
		"a binary called":      {Binary: sum, Name: "../p.test", Dir: "."},
		"inputs of the sum":    {Binary: sum, Name: "p.test", Dir: ".", Inputs: "x"},
		"the folder":           {Binary: sum, Name: "p.test", Dir: "../x"},
		"too many places":      {Binary: sum, Name: "p.test", Dir: ".", Places: make([]Place, 101)},
	} {
		if err := o.check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := fill([]string{"a" + hole(2)}, []string{"x"}); err == nil {
		t.Error("a place that is not there")
	}
}

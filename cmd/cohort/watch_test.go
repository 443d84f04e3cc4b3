package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/watch"
)

func TestDelveFlags(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, build, binary string }{
		{"", "", ""},
		{"./...", "", ""},
		{"-race -tags e2e -run TestA ./...", "-race -tags=e2e", "-test.run=TestA"},
		{"-tags=e2e --short -test.skip X -v=true", "-tags=e2e", "-test.short -test.skip=X -test.v=true"},
		{"-coverprofile c.out -cover -json -timeout 1s -p=2 ./a", "", ""},
		{"./a -update -run B", "", "-update -test.run=B"},
		{"-race ./a -args -run x", "-race", "-run x"},
	}
	for _, tt := range tests {
		build, binary := delveFlags(strings.Fields(tt.args))
		if got := strings.Join(build, " "); got != tt.build {
			t.Errorf("%s: build flags %q, want %q", tt.args, got, tt.build)
		}
		if got := strings.Join(binary, " "); got != tt.binary {
			t.Errorf("%s: arguments %q, want %q", tt.args, got, tt.binary)
		}
	}
}

// TestWatchedRun runs a raw command that prints a failed test: it is remembered for
// the debugger, and ends nothing. A run that can not be started is printed.
func TestWatchedRun(t *testing.T) {
	t.Parallel()
	events := filepath.Join(t.TempDir(), "events.json")
	const failed = `{"Action":"run","Package":"example.com/a","Test":"TestA"}
{"Action":"fail","Package":"example.com/a","Test":"TestA"}
{"Action":"fail","Package":"example.com/a"}
`
	if err := os.WriteFile(events, []byte(failed), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := &command{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, env: newEnviron(os.Environ())}
	c.log = &logger{out: &stderr}
	_, opts := newFlags(c.env)
	opts.rawCommand, opts.args, opts.packages = true, []string{"cat", events}, listValue{"./b"}
	w := &watchedRuns{cmd: c, opts: opts}
	event := watch.Event{Packages: []string{"./a"}, Args: []string{"-update"}}

	if err := w.run(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if len(w.failed) != 1 || w.failed[0].Test != "TestA" {
		t.Errorf("failed: %+v; stdout:\n%s\nstderr:\n%s", w.failed, &stdout, &stderr)
	}
	if !slices.Equal(opts.packages, listValue{"./b"}) {
		t.Errorf("the run changed the options: %q", opts.packages)
	}
	opts.args = []string{filepath.Join(t.TempDir(), "missing")}
	if err := w.run(t.Context(), event); err != nil || !strings.Contains(stderr.String(), "ERROR ") {
		t.Errorf("got %v; stderr:\n%s", err, &stderr)
	}
}

func TestWithoutSignals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause error
		done  bool
	}{
		{&watch.Interrupt{Signal: os.Interrupt}, false},
		{&watch.Interrupt{Signal: os.Kill}, true},
		{context.Canceled, true},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		run, stop := withoutSignals(ctx)
		cancel(tt.cause)
		if tt.done {
			<-run.Done()
		} else if run.Err() != nil {
			t.Errorf("%v ended the run", tt.cause)
		}
		stop()
		<-run.Done()
	}
}

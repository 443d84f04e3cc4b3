package main

import (
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
)

func TestLiveStyle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode     progressMode
		format   string
		terminal bool
		env      string
		style    progress.Style
		beat     time.Duration // after which silence a line comes
	}{
		{"", "pkgname", true, "TERM=xterm", progress.Bar, 0},
		{"auto", "testname", true, "TERM=xterm", progress.Bar, 0},
		{"line", "pkgname", true, "TERM=xterm", progress.Line, 0},
		{"off", "pkgname", true, "TERM=xterm", progress.Off, 0},
		{"", "dots", true, "TERM=xterm", progress.Off, 0},
		{"", "dots-v2", true, "TERM=xterm", progress.Off, 0},
		{"bar", "dots", true, "TERM=xterm", progress.Bar, 0},
		{"", "pkgname", true, "TERM=dumb", progress.Off, 0},
		{"", "pkgname", true, "TERM=xterm CI=true", progress.Off, time.Minute},
		{"", "pkgname", true, "TERM=xterm CI=false", progress.Bar, 0},
		{"", "pkgname", true, "TERM=xterm CI=", progress.Bar, 0},
		{"bar", "pkgname", true, "TERM=xterm CI=true", progress.Bar, 0},
		{"", "pkgname", false, "TERM=xterm", progress.Off, time.Minute},
		{"bar", "pkgname", false, "TERM=xterm", progress.Off, time.Minute},
		{"", "pkgname", false, "CI=true", progress.Off, time.Minute},
	} {
		env := newEnviron(strings.Fields(test.env))
		style := liveStyle(test.mode, test.format, test.terminal, env)
		beat := liveHeartbeat(offDurationValue{duration: defaultHeartbeat}, style, test.terminal, env)
		if style != test.style || beat != test.beat {
			t.Errorf("%+v: style %v, heartbeat %v", test, style, beat)
		}
	}
	given := offDurationValue{duration: time.Second, given: true}
	if got := liveHeartbeat(given, progress.Off, true, environ{}); got != time.Second {
		t.Errorf("a heartbeat that was asked for on a terminal: %v", got)
	}
}

func TestTellsFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args  string
		style progress.Style
		want  bool
	}{
		{"", progress.Off, true},
		{"", progress.Bar, true},
		{"--raw-command -- x", progress.Off, false},
		{"--raw-command -- x", progress.Bar, true},
		{"--rerun-fails", progress.Off, true},
		{"--rerun-fails --rerun-show-only-last", progress.Bar, false},
		{"--rerun-fails --hide-rerun-details", progress.Off, false},
	} {
		if got := tellsFailures(parsed(t, nil, strings.Fields(test.args)...), test.style); got != test.want {
			t.Errorf("%s, %v: %v", test.args, test.style, got)
		}
	}
}

func TestTellingFlags(t *testing.T) {
	t.Parallel()
	o := parsed(t, nil).telling
	if o.progress.String() != "auto" || o.heartbeat.duration != time.Minute || o.slow.duration != 0 || o.slowest != 0 {
		t.Errorf("defaults: %+v", o)
	}
	o = parsed(t, nil, "--progress=line", "--heartbeat=off", "--slow=1.5", "--slowest=3").telling
	if o.progress != "line" || o.heartbeat.duration != 0 || !o.heartbeat.given || o.slow.duration != 1500*time.Millisecond || o.slowest != 3 {
		t.Errorf("got %+v", o)
	}
	for _, bad := range []string{"--progress=x", "--heartbeat=0", "--heartbeat=x", "--slow=-1s", "--slowest=-1"} {
		if _, err := (&command{env: newEnviron(nil)}).parse([]string{bad}); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestSelectsTests(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"": false, "./...": false, "-run X ./...": true, "--run=X": true, "-test.skip=Y": true, "-skip Y": true,
		"./p -args -run x": false, "-count=1 run": false,
	} {
		if got := selectsTests(strings.Fields(args)); got != want {
			t.Errorf("%q: %v", args, got)
		}
	}
}

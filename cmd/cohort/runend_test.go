package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gotestcohort/cohort/report/record"
)

// TestRunEnd: a run that a signal has ended, or that is lost, has a status of its own.
func TestRunEnd(t *testing.T) {
	t.Parallel()
	lost := errors.New("--queue: lost")
	for _, tc := range []struct {
		end   runEnd
		early bool
		want  error
		code  int
	}{
		{runEnd{}, false, nil, 0},
		{runEnd{signal: syscall.SIGTERM}, true, exitStatus{143}, 143},
		{runEnd{lost: lost}, true, lost, 3},
	} {
		if got := tc.end.status(); tc.end.early() != tc.early || got != tc.want || exitCode(got) != tc.code {
			t.Errorf("%+v: %v, status %v", tc.end, tc.end.early(), got)
		}
	}
}

// TestLeadEnd is a table of how tests end on a machine that leads, of whether the run was lost, and of
// whether a signal came, with the machine's exit code, its errors, and its warning.
func TestLeadEnd(t *testing.T) {
	t.Parallel()
	lost := errors.New("--queue: lost")
	file := errors.New("write j.xml: no")
	for _, tc := range []struct {
		tests, lost error
		sig         os.Signal
		want        string
	}{
		{nil, nil, nil, "0 [] <nil> false"},
		{exitStatus{1}, nil, nil, "1 [] <nil> false"},
		{exitStatus{130}, nil, os.Interrupt, "130 [] <nil> false"},
		{lost, lost, nil, "3 [--queue: lost] <nil> true"},
		{lost, lost, os.Interrupt, "3 [--queue: lost] <nil> true"},
		{errors.Join(lost, file), lost, nil, "3 [--queue: lost, write j.xml: no] <nil> true"},
		{nil, lost, nil, "3 [--queue: lost] <nil> true"},
		{exitStatus{1}, lost, nil, "3 [--queue: lost] <nil> true"},
		{exitStatus{130}, lost, os.Interrupt, "130 [] --queue: lost true"},
		{errors.Join(exitStatus{143}, file), lost, syscall.SIGTERM, "3 [write j.xml: no] --queue: lost true"},
		{nil, lost, os.Interrupt, "130 [] --queue: lost true"},
		{exitStatus{1}, lost, os.Interrupt, "130 [] --queue: lost true"},
	} {
		end, warning := newLeadEnd(tc.tests, tc.lost, tc.sig)
		var told []string
		for _, e := range problems(end.status) {
			if _, status := e.(exitStatus); !status {
				told = append(told, e.Error())
			}
		}
		if got := fmt.Sprintf("%d [%s] %v %v", exitCode(end.status), strings.Join(told, ", "), warning, end.lost); got != tc.want {
			t.Errorf("%v, %v, %v: %s, want %s", tc.tests, tc.lost, tc.sig, got, tc.want)
		}
	}
}

// TestStopping: one line says why the run is stopped, what runs, and what is quicker.
func TestStopping(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, kills string
		tearsDown  bool
		want       string
	}{
		{"interrupt", "a second Ctrl-C", false, "interrupt: stopping the run; a second Ctrl-C kills at once"},
		{"it is lost", "Ctrl-C", true, "it is lost: stopping the run; Ctrl-C kills at once and leaves the tear-downs out"},
	} {
		if got := stopping(tc.why, tc.kills, nil, tc.tearsDown); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}

// TestPlayedLoss: a record of a run that was lost is played as one.
func TestPlayedLoss(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		verdict record.Verdict
		want    string
	}{
		{record.Verdict{}, "[]"},
		{record.Verdict{Exit: 3, Lost: "--queue: lost"}, "[--queue: lost]"},
		{record.Verdict{Exit: 130, Signal: 2}, "[exit status 130]"},
	} {
		src := newRecordedSource(recordOf(t, tc.verdict, func(*record.Writer) {}), &strings.Builder{}, nil)
		var ends []error
		src.ended = func(end runEnd) { ends = append(ends, end.status()) }
		first, err := src.First(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Wait(); err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(ends); got != tc.want {
			t.Errorf("%+v: %s, want %s", tc.verdict, got, tc.want)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

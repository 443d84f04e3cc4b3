package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	oops := errors.New("oops")
	for _, test := range []struct {
		err  error
		code int
		log  string
	}{
		{nil, 0, ""},
		{errors.Join(nil, nil), 0, ""},
		{exitStatus{1}, 1, ""},
		{exitStatus{2}, 2, ""},
		{exitStatus{7}, 7, ""},
		{signalStatus(os.Interrupt), 130, ""},
		{signalStatus(syscall.SIGTERM), 143, ""},
		{oops, 3, "ERROR oops\n"},
		{errors.Join(oops, errors.Join(errors.New("two"), nil)), 3, "ERROR oops\nERROR two\n"},
		{errors.Join(exitStatus{1}, nil), 1, ""},
		{errors.Join(exitStatus{1}, exitStatus{2}), 1, ""},
		{errors.Join(exitStatus{1}, oops), 3, "ERROR oops\n"},
		{errors.Join(oops, exitStatus{1}), 3, "ERROR oops\n"},
		{errors.Join(exitStatus{1}, fmt.Errorf("format: %w", errUnread)), 1, ""},
		{fmt.Errorf("format: %w", errUnread), 141, ""},
		// The status of another command is an error like any other.
		{fmt.Errorf("post run command failed: %w", exitStatus{1}), 3, "ERROR post run command failed: exit status 1\n"},
	} {
		var log strings.Builder
		c := &command{log: &logger{out: &log}}
		if code := c.exit(test.err); code != test.code || log.String() != test.log {
			t.Errorf("%v: got %d and %q, want %d and %q", test.err, code, log.String(), test.code, test.log)
		}
	}
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	if err := statusOf(nil); err != nil {
		t.Errorf("got %v", err)
	}
	oops := errors.New("oops")
	if err := statusOf(oops); err != oops {
		t.Errorf("got %v", err)
	}
	if err := statusOf(exec.Command("replay", "testdata/streams/panic").Run()); err != (exitStatus{1}) {
		t.Errorf("got %v", err)
	}
}

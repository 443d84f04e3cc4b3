package main

import (
	"strings"
	"testing"
)

func TestNoColor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env      string
		terminal bool
		want     bool
	}{
		{"", true, false},
		{"", false, true},
		{"CI=true", false, true},
		{"CI=true GITHUB_ACTIONS=true", false, false},
		{"CI=woodpecker", false, false},
		{"TEAMCITY_VERSION=1", false, false},
		{"FORCE_COLOR=1", false, false},
		{"FORCE_COLOR=3", false, false},
		{"FORCE_COLOR=true", false, false},
		{"CLICOLOR_FORCE=1", false, false},
		{"FORCE_COLOR=", false, true},
		{"FORCE_COLOR=0", false, true},
		{"FORCE_COLOR=0", true, false},
		{"CLICOLOR_FORCE=0", false, true},
		{"CLICOLOR_FORCE=0 FORCE_COLOR=1", false, false},
		{"NO_COLOR=1", true, true},
		{"NO_COLOR=", true, false},
		{"NO_COLOR=1 FORCE_COLOR=1", true, true},
		{"NO_COLOR=1 CI=true GITHUB_ACTIONS=true", false, true},
		{"JENKINS_URL=x CI=true", false, true},
		{"JENKINS_URL=x CI=true FORCE_COLOR=1", false, false},
	} {
		if got := newEnviron(strings.Fields(c.env)).noColor(c.terminal); got != c.want {
			t.Errorf("%q, terminal %v: got %v", c.env, c.terminal, got)
		}
	}
}

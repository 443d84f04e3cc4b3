package main

import (
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"
)

func parsed(t *testing.T, env []string, args ...string) *options {
	t.Helper()
	c := &command{env: newEnviron(env)}
	line, err := c.parse(args)
	if err != nil {
		t.Fatal(args, err)
	}
	return line.opts
}

func TestFlagsEndAtTheFirstArgument(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--", "-v", "./a"}, {"./a", "-v"}, {"--debug", "./a", "--debug"}} {
		if got := parsed(t, nil, args...).args; len(got) != 2 {
			t.Errorf("%v: got %v", args, got)
		}
	}
}

func TestFlagDefaults(t *testing.T) {
	t.Parallel()
	o := parsed(t, nil)
	if o.format != "pkgname" || o.hideSummary.shown != testjson.SummarizeAll || o.rerun.maxAttempts != 0 ||
		o.rerun.maxFailures != 10 || o.rerun.delay != 500*time.Millisecond || o.run.workers != 0 ||
		!o.run.groupFailfast || !o.run.linkCache || o.run.shuffle != (shuffleValue{}) || o.run.dist.String() != "loadscope" ||
		o.run.testMain.String() != "whole" || o.junit.reruns.String() != "all" || o.run.history != "" {
		t.Errorf("got %+v", o)
	}
}

func TestFlagValues(t *testing.T) {
	t.Parallel()
	o := parsed(t, []string{"COHORT_HISTORY=off", "COHORT_LINK_CACHE=0", "GOTESTSUM_FORMAT=dots"},
		"--rerun-fails", "--rerun-delay=1.5", "-n", "4", "--shuffle=-3", "--dist", "load", "--group=^A", "--group=^B",
		"--packages=./a ./b", "--packages=./c", "--hide-summary=skipped,skipped", "--hide-summary=errors", "--group-failfast=false")
	if o.rerun.maxAttempts != 2 || o.rerun.delay != 1500*time.Millisecond || o.run.workers != 4 ||
		o.run.shuffle != (shuffleValue{shuffleSeed, -3}) || o.run.dist != "load" || len(o.run.groups) != 2 ||
		len(o.packages) != 3 || o.hideSummary.shown != testjson.SummarizeFailed|testjson.SummarizeOutput ||
		o.run.groupFailfast || o.run.linkCache || o.run.history != "off" || o.format != "dots" {
		t.Errorf("got %+v", o)
	}
	if o := parsed(t, []string{"COHORT_LINK_CACHE=0"}, "--link-cache"); !o.run.linkCache {
		t.Error("the flag does not win over the environment")
	}
	for raw, want := range map[string]time.Duration{"0": 0, "2": 2 * time.Second, "0.5": time.Second / 2, "1m30s": 90 * time.Second} {
		if got := parsed(t, nil, "--rerun-delay="+raw).rerun.delay; got != want {
			t.Errorf("%s: got %v", raw, got)
		}
	}
}

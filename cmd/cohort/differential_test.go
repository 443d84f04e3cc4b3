package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

// goEnv returns what the go command has for some of its variables, one a line.
func goEnv(t testing.TB, names ...string) string {
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatalf("go env %s: %v", names, err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// TestSameAsGotestsum replays recorded streams to cohort and to gotestsum, which is
// built from the module in go.mod, and compares all they write.
func TestSameAsGotestsum(t *testing.T) {
	t.Parallel()
	gotestsum := built.Program{Name: "gotestsum", Package: "gotest.tools/gotestsum"}.Path(t)
	streams, err := filepath.Glob("testdata/streams/*.jsonl")
	if err != nil || len(streams) == 0 {
		t.Fatalf("streams: %v, %v", streams, err)
	}
	for _, stream := range streams {
		stream, err := filepath.Abs(strings.TrimSuffix(stream, ".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(stream), func(t *testing.T) {
			t.Parallel()
			for _, args := range rows(filepath.Base(stream)) {
				compare(t, gotestsum, append(slices.Clone(args), "--raw-command", "--", "replay", stream))
			}
		})
	}
	t.Run("other", func(t *testing.T) {
		t.Parallel()
		for _, args := range [][]string{
			{"--raw-command", "no-such-command"},
			{"tool", "slowest", "--jsonfile", "testdata/streams/timeout.jsonl", "--threshold=1ms"},
		} {
			compare(t, gotestsum, args)
		}
	})
	t.Run("usage", func(t *testing.T) { // what is wrong is said in cohort's own words
		t.Parallel()
		for _, args := range [][]string{
			{"--format=nonsense", "--raw-command", "--", "replay", "x"},
			{"--raw-command"},
			{"--rerun-fails", "--raw-command", "--", "replay", "x", "-failfast"},
		} {
			want, got := invoke(t, gotestsum, args), invoke(t, built.Cohort(t), args)
			if got.code != want.code || got.stdout != want.stdout || !strings.HasPrefix(got.stderr, "ERROR ") {
				t.Errorf("%q: exit code %d, want %d; %s%s", args, got.code, want.code, got.stdout, got.stderr)
			}
		}
	})
	t.Run("environment", func(t *testing.T) {
		t.Parallel()
		for _, env := range []string{
			"GITHUB_ACTIONS=true", "GITHUB_ACTIONS=1", "CI=1 GITHUB_ACTIONS=", "CI=woodpecker", "CI=x", "CI=x CI_NAME=codeship",
			"CI_NAME=codeship", "CI= GITLAB_CI=", "TEAMCITY_VERSION=", "TRAVIS=1", "CI=true TRAVIS=true",
			"GOTESTSUM_FORMAT=dots", "GOTESTSUM_FORMAT_ICONS=text", "GOTESTSUM_JUNITFILE_PROJECT_NAME=x",
			"GOTESTSUM_JUNIT_HIDE_EMPTY_PKG=Yes", "GOTESTSUM_JUNIT_HIDE_SKIPPED_TESTS=1", "GOTESTSUM_JUNIT_HIDE_EMPTY_PKG=on",
			"NO_COLOR=1 CI=1 TRAVIS=", "TERM=dumb",
		} {
			for _, stream := range []string{"fail", "skip", "notests"} {
				name, err := filepath.Abs("testdata/streams/" + stream)
				if err != nil {
					t.Fatal(err)
				}
				args := []string{"--raw-command", "--", "replay", name}
				if !strings.Contains(env, "FORMAT=") {
					args = append([]string{"-f", "testname"}, args...)
				}
				compare(t, gotestsum, args, strings.Fields(env)...)
			}
		}
	})
	t.Run("help", func(t *testing.T) {
		t.Parallel()
		var help bytes.Buffer
		if code := run([]string{"help", "flags"}, nil, &help, io.Discard, nil); code != 0 {
			t.Fatalf("exit code %d", code)
		}
		want := invoke(t, gotestsum, []string{"--help"})
		flags := regexp.MustCompile(`(?m)^ +(?:-\w, )?(--[\w-]+)`).FindAllStringSubmatch(want.stdout, -1)
		for _, flag := range flags {
			if !strings.Contains(help.String(), flag[1]) {
				t.Errorf("cohort help flags does not have gotestsum's %s", flag[1])
			}
		}
		if len(flags) < 20 {
			t.Errorf("gotestsum has %d flags", len(flags))
		}
	})
}

// rows returns flags such that every format, icon set, summary and JUnit option is
// used on every stream, and colour on some. Other names of formats and of flags are used on those
// streams that have failed, skipped and no tests.
func rows(stream string) [][]string {
	formats := []string{
		"dots", "dots-v2", "pkgname", "pkgname-and-test-fails", "testname", "testdox", "github-actions",
		"standard-quiet", "standard-verbose", "standard-json", "debug", "none",
	}
	names := stream == "fail" || stream == "skip" || stream == "notests"
	if names {
		formats = append(formats, "dots-v1", "short", "short-verbose", "short-with-failures", "gotestdox", "github-action")
	}
	summaries := []string{"none", "skipped", "failed", "errors", "output", "all", "skipped,failed", "errors,output"}
	junits := [][]string{
		{}, {"--junitfile-testsuite-name=relative"}, {"--junitfile-testsuite-name=short"},
		{"--junitfile-testcase-classname=relative"}, {"--junitfile-testcase-classname=short"},
		{"--junitfile-project-name=shop & <co>"}, {"--junitfile-hide-empty-pkg"}, {"--junitfile-hide-skipped-tests"},
		{"--junitfile-testsuite-name=full", "--junitfile-testcase-classname=full"},
	}
	icons := []string{"", "default", "hivis", "text", "codicons", "octicons", "emoticons"}
	var all [][]string
	for i, format := range formats {
		args := []string{
			"--format=" + format,
			"--hide-summary=" + summaries[i%len(summaries)],
			"--format-icons=" + icons[i%len(icons)],
			fmt.Sprintf("--format-hide-empty-pkg=%t", i%2 == 1),
			fmt.Sprintf("--no-color=%t", i%3 != 0),
		}
		args = append(args, junits[i%len(junits)]...)
		if stream == "nonjson" && i%4 != 0 {
			args = append(args, "--ignore-non-json-output-lines")
		}
		all = append(all, args)
	}
	for _, icon := range icons {
		if !names {
			break // there are no more results to put an icon on
		}
		all = append(all, []string{"-f", "pkgname", "--format-icons=" + icon}, []string{"-f=testdox", "--format-icons", icon})
	}
	if stream != "nonjson" { // of two errors gotestsum loses the first
		all = append(all, []string{"--post-run-command", "no-such-command x"})
	}
	if names {
		all = append(all, []string{"--format-hivis"}, []string{"--no-summary=failed"})
	}
	return append(all,
		[]string{"--debug"}, []string{"--max-fails=1"},
		[]string{"--max-fails=1", "-ftestname"}, []string{"--post-run-command", "vars"},
		[]string{"--post-run-command=vars", "--max-fails=1"},
		[]string{"--rerun-fails", "--rerun-fails-max-failures=0"},
	)
}

// result is all that a run leaves behind.
type result struct {
	stdout, stderr      string
	code                int
	junit, json, timing string
}

// compare runs both programs with args, files to write, and env.
func compare(t *testing.T, gotestsum string, args []string, env ...string) {
	t.Helper()
	cohort := built.Cohort(t)
	want, got := invoke(t, gotestsum, args, env...), invoke(t, cohort, args, env...)
	// The name of the program differs by design.
	want.stdout = strings.ReplaceAll(want.stdout, gotestsum, cohort)
	want.stderr = strings.ReplaceAll(want.stderr, gotestsum, cohort)
	for _, part := range []struct{ name, got, want string }{
		{"stdout", got.stdout, want.stdout}, {"stderr", got.stderr, want.stderr},
		{"JUnit file", got.junit, want.junit}, {"JSON file", got.json, want.json},
		{"timing file", got.timing, want.timing},
	} {
		if part.got != part.want {
			t.Errorf("%v %v: %s differs\n--- cohort:\n%s\n--- gotestsum:\n%s", env, args, part.name, part.got, part.want)
		}
	}
	if got.code != want.code {
		t.Errorf("%v: exit code %d, gotestsum's is %d\n%s", args, got.code, want.code, got.stderr)
	}
}

func invoke(t *testing.T, program string, args []string, env ...string) result {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	flags := []string{}
	if args[0] != "tool" {
		flags = []string{
			"--junitfile=" + file("sub/junit.xml"), "--jsonfile=" + file("sub/all.json"),
			"--jsonfile-timing-events=" + file("timing.json"),
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, append(flags, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A folder of its own: --debug tells what it has removed of others that were killed.
	cmd.Env = append(append(cleanEnv(), "GOVERSION=go1.test", "TMPDIR="+t.TempDir()), env...)
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{
		stdout: blank(stdout.String(), dir, args), stderr: blank(stderr.String(), dir, args),
		code: cmd.ProcessState.ExitCode(), junit: blank(read(t, file("sub/junit.xml")), dir, args), json: read(t, file("sub/all.json")),
		timing: read(t, file("timing.json")),
	}
}

// cleanEnv is the environment without what changes a default.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "GOTESTSUM_") || strings.HasPrefix(kv, "COHORT_") ||
			strings.HasPrefix(kv, "GITHUB_") || strings.HasPrefix(kv, "CI=") || strings.HasPrefix(kv, "TEST_DIRECTORY=")
	})
}

// blank takes out what differs from run to run: process IDs, the directory of the
// files, and, if there are no events to take it from, the time of the run. The one
// variable that gotestsum's documentation promises to post-run commands, and only
// cohort sets, goes too.
func blank(s, dir string, args []string) string {
	s = strings.ReplaceAll(s, dir, "DIR")
	s = strings.ReplaceAll(s, "GOTESTSUM_FORMAT=pkgname\n", "")
	s = regexp.MustCompile(`go test pid: \d+`).ReplaceAllString(s, "go test pid: N")
	if filepath.Base(args[len(args)-1]) != "empty" {
		return s
	}
	s = regexp.MustCompile(`(?m) in \d+\.\d\d\ds$`).ReplaceAllString(s, " in Xs")
	s = regexp.MustCompile(`(GOTESTSUM_ELAPSED)=.*`).ReplaceAllString(s, "$1=Xs")
	return regexp.MustCompile(`(<testsuites.*) time="\d+\.\d+"`).ReplaceAllString(s, `$1 time="X"`)
}

// read returns the content of a file, or a word for that there is none.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return "(no file)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

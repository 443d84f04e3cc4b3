package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/shlex"
)

// readmeCommand says how a command of README.md is tested.
type readmeCommand struct {
	line string // as it stands there, without its comment
	dir  string // the folder of testdata in a copy of which it runs
	exit int
	why  string // why it does not run
}

// readmeCommands are all commands of README.md in its order, in which they run.
var readmeCommands = []readmeCommand{
	{line: "make demo", why: "it takes a minute on a busy machine; what it shows is the recording that follows it"},
	{line: "make test", why: "it would run this test"},
	{line: "CGO_ENABLED=0 go install github.com/gotestcohort/cohort/cmd/cohort@latest", why: "it installs a version that is published, not this one"},
	{line: "cohort", dir: "shop", exit: 1}, // a test is flaky, and nothing is rerun
	{line: "cohort -n 8 ./e2e", dir: "shop", exit: 1},
	{line: "cohort --rerun-fails -- -run 'TestPrice|TestCheckout' ./...", dir: "shop"},
	{line: "cohort --rerun-fails=2 --no-tests=fail --junitfile=junit.xml -- -count=1 ./...", dir: "shop"},
	{line: "cohort tool flaky --runs=20 -- ./order", dir: "flakes", exit: 1},
	{line: "cohort --record=run.cohort --rerun-fails", dir: "shop"},
	{line: "cohort tool replay run.cohort --failed", dir: "shop"},
	{line: "cohort tool report run.cohort --html=run.html --trace=run.json", dir: "shop"},
	{line: "cohort --shard=1/2 --record=1.cohort --rerun-fails", dir: "shop"},
	{line: "cohort --shard=2/2 --record=2.cohort --rerun-fails", dir: "shop"},
	{line: "cohort tool merge 1.cohort 2.cohort --junitfile=all.xml", dir: "shop"},
}

func readReadme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// fences returns the blocks of a language in a text.
func fences(text, language string) []string {
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// sample copies a folder of testdata, for commands that write there.
func sample(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("../../testdata", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runReadme runs a command of the README and returns its exit code and what it printed.
func runReadme(t *testing.T, dir, line string) (code int, stdout, stderr string) {
	t.Helper()
	words, err := shlex.Split(line)
	if err != nil {
		t.Fatal(err)
	}
	var out, errors strings.Builder
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "COHORT_HISTORY=off", "COHORT_LINK_CACHE=off", "COHORT_FLAGS=", "GITHUB_ACTIONS=", "GOFLAGS=")
	cmd.Stdout, cmd.Stderr = &out, &errors
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", line, err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errors.String()
}

// TestReadmeCommands runs the commands of README.md, or says why not.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, block := range fences(readReadme(t), "sh") {
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(line, " #")
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	var want []string
	dirs := map[string]string{}
	for _, c := range readmeCommands {
		want = append(want, c.line)
		if c.why == "" && dirs[c.dir] == "" {
			dirs[c.dir] = sample(t, c.dir)
		}
	}
	if !slices.Equal(lines, want) {
		t.Fatalf("the commands of README.md are\n%s\nand the table of this test is for\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if testing.Short() {
		t.Skip("the commands take half a minute")
	}
	for _, c := range readmeCommands {
		if c.why != "" {
			t.Logf("NOT RUN: %s: %s", c.line, c.why)
			continue
		}
		if code, stdout, stderr := runReadme(t, dirs[c.dir], c.line); code != c.exit {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.line, code, c.exit, stdout, stderr)
		}
	}
}

// TestReadmeRecording runs what README.md shows, and compares all but times, seeds and the order of
// what runs in parallel.
func TestReadmeRecording(t *testing.T) {
	t.Parallel()
	blocks := fences(readReadme(t), "console")
	if len(blocks) != 1 {
		t.Fatalf("%d recordings, want 1", len(blocks))
	}
	command, want, _ := strings.Cut(strings.TrimPrefix(blocks[0], "$ "), "\n")
	code, got, stderr := runReadme(t, sample(t, "shop"), command)
	if code != 0 {
		t.Errorf("exit code %d\n%s%s", code, got, stderr)
	}
	if g, w := withoutTimes(got), withoutTimes(want); !slices.Equal(g, w) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(g, "\n"), strings.Join(w, "\n"))
	}
}

// withoutTimes returns what two recordings of one run have in common, sorted.
func withoutTimes(text string) []string {
	text = regexp.MustCompile(`\((\d+(\.\d+)?m?s|cached)\)`).ReplaceAllString(text, "(time)")
	text = regexp.MustCompile(`in \d+\.\d+s`).ReplaceAllString(text, "in time")
	text = regexp.MustCompile(`(process |--shuffle=)\d+`).ReplaceAllString(text, "${1}N")
	return slices.Sorted(slices.Values(strings.Split(strings.TrimSpace(text), "\n")))
}

// TestDocumentLinks checks that what the documents link to is there.
func TestDocumentLinks(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "testdata/README.md"} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if name == "README.md" && strings.Count(string(data), "\n") > 200 {
			t.Errorf("%s has more than 200 lines", name)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(name), m[1])); err != nil {
				t.Error(fmt.Errorf("%s: %w", name, err))
			}
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/shlex"

	"github.com/gotestcohort/cohort/cmd/internal/built"
)

var updateUsage = flag.Bool("update-usage", false, "write testdata/usage/*.txt anew")

// usageRow is a command line and the answer to it.
type usageRow struct {
	comment []string // lines before it
	command string
	answer  string // stderr, and the exit code in a line "= N"
}

// readUsage reads a table of command lines. A row begins with "$ cohort ..."; variables
// may stand before cohort, as in a shell.
func readUsage(t *testing.T, file string) (rows []usageRow, rest []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var comment []string
	for line := range strings.Lines(string(data)) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			rows = append(rows, usageRow{comment: comment, command: strings.TrimSuffix(command, "\n")})
			comment = nil
		case strings.HasPrefix(line, "#") || line == "\n":
			comment = append(comment, line)
		case len(rows) == 0:
			t.Fatalf("%s: begins with no command", file)
		default:
			rows[len(rows)-1].answer += line
		}
	}
	return rows, comment
}

// usageAnswer runs a command line as the shell does, where there is no go command, so
// that none of them can run tests.
func usageAnswer(t *testing.T, dir, line string) string {
	t.Helper()
	words, err := shlex.Split(line)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"PATH=" + dir, "HOME=" + dir, "GORACE=atexit_sleep_ms=10", "NO_COLOR=1"}
	for strings.Contains(words[0], "=") {
		env, words = append(env, words[0]), words[1:]
	}
	cmd := exec.Command(words[0], words[1:]...)
	if words[0] == "cohort" { // not the one in PATH: what is wrong with a command line is found by one goroutine
		cmd.Path, cmd.Err = built.PlainCohort(t), nil
	}
	cmd.Env, cmd.Dir = env, dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("%s: %v", line, err)
	} else if ok && exit.ExitCode() < 0 {
		t.Fatalf("%s: %v", line, exit)
	}
	return fmt.Sprintf("%s= %d\n", stderr.String(), cmd.ProcessState.ExitCode())
}

// TestUsage compares the answers to wrong command lines, and to right ones that look
// like them.
func TestUsage(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/usage/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no tables", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module list\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		rows, rest := readUsage(t, file)
		var text strings.Builder
		for _, row := range rows {
			got := usageAnswer(t, dir, row.command)
			if got != row.answer && !*updateUsage {
				t.Errorf("%s: $ %s\ngot:\n%swant:\n%s", file, row.command, got, row.answer)
			}
			fmt.Fprintf(&text, "%s$ %s\n%s", strings.Join(row.comment, ""), row.command, got)
		}
		text.WriteString(strings.Join(rest, ""))
		if *updateUsage {
			if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestUsageIsShort checks that no answer to one mistake is more than three lines long.
func TestUsageIsShort(t *testing.T) {
	t.Parallel()
	rows, _ := readUsage(t, "testdata/usage/errors.txt")
	if len(rows) < 120 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, row := range rows {
		lines := strings.Split(strings.TrimSpace(row.answer), "\n")
		problems := strings.Count(row.answer, "ERROR ")
		if n := len(lines) - 1; problems < 1 || n > problems+2 || lines[n] != "= 3" {
			t.Errorf("$ %s\n%s", row.command, row.answer)
		}
		if !strings.Contains(row.answer, "\nhelp:  cohort") {
			t.Errorf("$ %s: does not end with what helps\n%s", row.command, row.answer)
		}
	}
}

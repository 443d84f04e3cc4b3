package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/shlex"

	"github.com/gotestcohort/cohort/cmd/internal/config"
)

// TestExamplesOfChoosing takes every command of the pages about choosing tests as cohort does, and reads
// every example of a file.
func TestExamplesOfChoosing(t *testing.T) {
	t.Parallel()
	table, _ := newFlags(newEnviron(nil))
	for page, want := range map[string][2]int{"select": {6, 0}, "quarantine": {2, 1}} {
		text, err := os.ReadFile("help/" + page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		commands, files := 0, 0
		for _, block := range blocks(string(text)) {
			if strings.HasPrefix(block, "version: ") {
				files++
				file, wrong := config.Parse(page, []byte(block), table.flags)
				if _, problems := newQuarantine(file.Quarantine, "example.com/m", time.Now()); len(wrong) > 0 || len(problems) > 0 || len(file.Quarantine) == 0 {
					t.Errorf("%s: %v %v in\n%s", page, wrong, problems, block)
				}
			}
			for line := range strings.Lines(block) {
				line, ok := strings.CutPrefix(strings.TrimPrefix(line, "$ "), "cohort")
				if !ok {
					continue
				}
				commands++
				words, err := shlex.Split(line)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := (&command{env: newEnviron(nil)}).parse(append([]string{"--config=off"}, words...)); err != nil {
					t.Errorf("%s: cohort%s: %v", page, line, err)
				}
			}
		}
		if commands < want[0] || files < want[1] {
			t.Errorf("%s: only %d commands and %d files", page, commands, files)
		}
	}
}

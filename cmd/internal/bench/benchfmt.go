package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
)

// writeBenchfmt writes the measurements of a file of -json in the form of Go's benchmarks, for tools
// such as benchstat: a line for each, in the order of the rounds.
func writeBenchfmt(out io.Writer, name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var file resultFile
	if err := json.Unmarshal(text, &file); err != nil {
		return fmt.Errorf("read the results in %s: %w", name, err)
	}
	_, err = io.WriteString(out, file.benchfmt())
	return err
}

// benchfmt returns the measurements as lines of benchmarks.
func (f resultFile) benchfmt() string {
	var s strings.Builder
	fmt.Fprintf(&s, "goos: %s\ngoarch: %s\ncores: %d\ngo: %s\n", f.OS, f.Arch, f.Cores, f.Go)
	for _, r := range f.Results {
		row := []rune(r.Row)
		row[0] = unicode.ToUpper(row[0])
		for _, i := range r.Samples {
			fmt.Fprintf(&s, "Benchmark%s/table=%s/who=%s 1 %d ns/op", string(row), word(r.Table), word(r.Contestant), i.Time.Nanoseconds())
			if i.CPU > 0 {
				fmt.Fprintf(&s, " %d cpu-ns/op", i.CPU.Nanoseconds())
			}
			if i.Memory > 0 {
				fmt.Fprintf(&s, " %d peak-B/op", i.Memory)
			}
			s.WriteString("\n")
		}
	}
	return s.String()
}

// word makes one word of a text, which can stand in the name of a benchmark: an = or a / has a
// meaning there.
func word(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '/' || r == '=' {
			return '_'
		}
		return r
	}, text)
}

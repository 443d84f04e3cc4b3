package gotest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Profile adds up the coverage profiles of several processes of one test
// binary, as if one process had run all their tests. The blocks of a binary
// are the same in each of its profiles; they keep the order of the first, which
// golang.org/x/tools/cover would sort. The zero value is ready to use.
type Profile struct {
	mode   string
	blocks []block
	index  map[string]int
}

type block struct {
	position   string // file:line.column,line.column
	statements int
	count      uint64
}

// Add adds the profile that r holds.
func (p *Profile) Add(r io.Reader) error {
	if p.index == nil {
		p.index = make(map[string]int)
	}
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := in.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			if err := p.addLine(line); err != nil {
				return fmt.Errorf("coverage profile line %d: %w", number, err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (p *Profile) addLine(line string) error {
	if mode, ok := strings.CutPrefix(line, "mode: "); ok {
		if p.mode != "" && p.mode != mode {
			return fmt.Errorf("mode %s, but earlier profiles have mode %s", mode, p.mode)
		}
		p.mode = mode
		return nil
	}
	position, numbers, ok := strings.Cut(line, " ")
	statements, count, ok2 := strings.Cut(numbers, " ")
	n, err1 := strconv.Atoi(statements)
	c, err2 := strconv.ParseUint(count, 10, 64)
	if !ok || !ok2 || err1 != nil || err2 != nil {
		return fmt.Errorf("%q is not FILE:POSITION STATEMENTS COUNT", line)
	}
	i, ok := p.index[position]
	if !ok {
		p.index[position] = len(p.blocks)
		p.blocks = append(p.blocks, block{position: position, statements: n, count: c})
		return nil
	}
	if p.mode == "set" {
		p.blocks[i].count |= c
	} else {
		p.blocks[i].count += c
	}
	return nil
}

// Subtract takes the counts of p's every block down by times those of base: what
// each process counts before its first test was added up once too often for
// every process but one.
func (p *Profile) Subtract(base *Profile, times int) {
	for _, b := range base.blocks {
		if i, ok := p.index[b.position]; ok {
			p.blocks[i].count -= min(p.blocks[i].count, b.count*uint64(times))
		}
	}
}

// WriteTo writes the profile in the format of the test binary's own.
func (p *Profile) WriteTo(w io.Writer) (int64, error) {
	var total int64
	out := bufio.NewWriter(w)
	write := func(format string, args ...any) {
		n, _ := fmt.Fprintf(out, format, args...) // Flush returns the error
		total += int64(n)
	}
	write("mode: %s\n", p.mode)
	for _, b := range p.blocks {
		write("%s %d %d\n", b.position, b.statements, b.count)
	}
	return total, out.Flush()
}

// Percent returns the line "coverage: 12.3% of statements" as the testing
// package words it, with suffix (" in ./..." or empty) at its end.
func (p *Profile) Percent(suffix string) string {
	var statements, covered int
	for _, b := range p.blocks {
		statements += b.statements
		if b.count > 0 {
			covered += b.statements
		}
	}
	if statements == 0 {
		return "coverage: [no statements]" + suffix + "\n"
	}
	return fmt.Sprintf("coverage: %.1f%% of statements%s\n", 100*float64(covered)/float64(statements), suffix)
}

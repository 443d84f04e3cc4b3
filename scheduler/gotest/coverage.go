package gotest

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// Profile adds up the coverage profiles of several processes of one test
// binary, of all its attempts, as if one process had run all their tests. The
// blocks of a binary are the same in each of its profiles; they keep the order
// of the first, which golang.org/x/tools/cover would sort. The zero value is
// ready to use.
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
	return eachLine(r, p.addLine)
}

// eachLine calls use with each line of a profile.
func eachLine(r io.Reader, use func(string) error) error {
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := in.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			if err := use(line); err != nil {
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
	b, err := parseBlock(line)
	if err != nil {
		return err
	}
	if i, ok := p.index[b.position]; ok {
		p.blocks[i].add(p.mode, b.count)
		return nil
	}
	p.index[b.position] = len(p.blocks)
	p.blocks = append(p.blocks, b)
	return nil
}

func parseBlock(line string) (block, error) {
	position, numbers, ok := strings.Cut(line, " ")
	statements, count, ok2 := strings.Cut(numbers, " ")
	n, err1 := strconv.Atoi(statements)
	c, err2 := strconv.ParseUint(count, 10, 64)
	if !ok || !ok2 || err1 != nil || err2 != nil {
		return block{}, fmt.Errorf("%q is not FILE:POSITION STATEMENTS COUNT", line)
	}
	return block{position: position, statements: n, count: c}, nil
}

// add adds a count of another process.
func (b *block) add(mode string, count uint64) {
	if mode == "set" {
		b.count |= count
	} else {
		b.count += count
	}
}

// write writes the block's line. w keeps its first error.
func (b *block) write(w *bufio.Writer) int {
	n, _ := fmt.Fprintf(w, "%s %d %d\n", b.position, b.statements, b.count)
	return n
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

// MergeInto copies a profile from r to w and adds p to it: what the reruns of a
// binary have covered to the file that go test -coverprofile has written before
// them. The lines of r stay as many and in their order. With -coverpkg a block
// has a line for each binary that was tested, which readers add up: the first
// takes p's count. A block that r lacks comes behind the others.
func (p *Profile) MergeInto(w io.Writer, r io.Reader) error {
	rest := make(map[string]block, len(p.blocks))
	for _, b := range p.blocks {
		rest[b.position] = b
	}
	out := bufio.NewWriter(w) // keeps its first error for Flush
	mode := p.mode
	err := eachLine(r, func(line string) error {
		if m, ok := strings.CutPrefix(line, "mode: "); ok {
			if p.mode != "" && m != p.mode {
				return fmt.Errorf("mode %s, but the reruns have mode %s", m, p.mode)
			}
			mode = m
			fmt.Fprintln(out, line)
			return nil
		}
		b, err := parseBlock(line)
		if err != nil {
			return err
		}
		if more, ok := rest[b.position]; ok {
			b.add(mode, more.count)
			delete(rest, b.position)
		}
		b.write(out)
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range p.blocks {
		if _, ok := rest[b.position]; ok {
			b.write(out)
		}
	}
	return out.Flush()
}

// Of returns the part of the profile that is about the files of one package. It is for reading only.
func (p *Profile) Of(pkg string) *Profile {
	part := &Profile{mode: p.mode}
	for _, b := range p.blocks {
		if file, _, _ := strings.Cut(b.position, ":"); path.Dir(file) == pkg {
			part.blocks = append(part.blocks, b)
		}
	}
	return part
}

// WriteTo writes the profile in the format of the test binary's own.
func (p *Profile) WriteTo(w io.Writer) (int64, error) {
	out := bufio.NewWriter(w)
	n, _ := fmt.Fprintf(out, "mode: %s\n", p.mode) // Flush returns the error
	for _, b := range p.blocks {
		n += b.write(out)
	}
	return int64(n), out.Flush()
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

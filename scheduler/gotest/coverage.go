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
	index  map[string]int // of blocks by position
}

type block struct {
	position   string // file:line.column,line.column
	statements int
	count      uint64
}

// Add adds the profile that r holds, and keeps the text.
func (p *Profile) Add(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return p.AddText(string(data))
}

// AddText adds a profile.
func (p *Profile) AddText(text string) error {
	if p.index == nil {
		lines := strings.Count(text, "\n") + 1
		p.blocks, p.index = make([]block, 0, lines), make(map[string]int, lines)
	}
	// With -coverpkg each process writes the blocks of all packages: to look each of them up would
	// cost more than the process does. They come in the same order.
	next := 0
	return eachLine(text, func(line string) (err error) {
		next, err = p.addLine(line, next)
		return err
	})
}

// eachLine calls use with each line of a profile that is not empty.
func eachLine(text string, use func(line string) error) error {
	for number := 1; text != ""; number++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		if line == "" {
			continue
		}
		if err := use(line); err != nil {
			return fmt.Errorf("coverage profile line %d: %w", number, err)
		}
	}
	return nil
}

// addLine adds a line, which is probably of the block with the number next, and returns which one
// probably follows.
func (p *Profile) addLine(line string, next int) (following int, err error) {
	if mode, ok := strings.CutPrefix(line, "mode: "); ok {
		if p.mode != "" && p.mode != mode {
			return next, fmt.Errorf("mode %s, but earlier profiles have mode %s", mode, p.mode)
		}
		p.mode = mode
		return next, nil
	}
	b, err := parseLine(line)
	if err != nil {
		return next, err
	}
	if i, ok := p.find(b.position, next); ok {
		p.blocks[i].add(p.mode, b.count)
		return i + 1, nil
	}
	p.index[b.position] = len(p.blocks)
	p.blocks = append(p.blocks, b)
	return len(p.blocks), nil
}

// find returns the number of the block at a position, which is probably the given one.
func (p *Profile) find(position string, probably int) (int, bool) {
	if probably < len(p.blocks) && p.blocks[probably].position == position {
		return probably, true
	}
	i, ok := p.index[position]
	return i, ok
}

// parseLine takes the line of a block apart. The position is a part of line.
func parseLine(line string) (block, error) {
	position, numbers, ok := strings.Cut(line, " ")
	first, second, ok2 := strings.Cut(numbers, " ")
	statements, err1 := strconv.Atoi(first)
	count, err2 := strconv.ParseUint(second, 10, 64)
	if !ok || !ok2 || err1 != nil || err2 != nil {
		return block{}, fmt.Errorf("%q is not FILE:POSITION STATEMENTS COUNT", line)
	}
	return block{position, statements, count}, nil
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
	line := append(w.AvailableBuffer(), b.position...)
	line = strconv.AppendInt(append(line, ' '), int64(b.statements), 10)
	line = strconv.AppendUint(append(line, ' '), b.count, 10)
	n, _ := w.Write(append(line, '\n'))
	return n
}

// Counts reports whether the profile has counts: in mode set it only tells what was covered, and
// nothing was added up.
func (p *Profile) Counts() bool { return p.mode != "set" }

// Subtract takes the counts of p's every block down by times those of base: what
// each process counts before its first test was added up once too often for
// every process but one.
func (p *Profile) Subtract(base *Profile, times int) {
	for n, b := range base.blocks {
		if i, ok := p.find(b.position, n); ok {
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
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	rest := make(map[string]block, len(p.blocks))
	for _, b := range p.blocks {
		rest[b.position] = b
	}
	out := bufio.NewWriter(w) // keeps its first error for Flush
	mode := p.mode
	err = eachLine(string(text), func(line string) error {
		if m, ok := strings.CutPrefix(line, "mode: "); ok {
			if p.mode != "" && m != p.mode {
				return fmt.Errorf("mode %s, but the reruns have mode %s", m, p.mode)
			}
			mode = m
			fmt.Fprintln(out, "mode: "+mode)
			return nil
		}
		b, err := parseLine(line)
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
	out := bufio.NewWriterSize(w, 64<<10)
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

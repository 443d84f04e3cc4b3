package history

import (
	"bytes"
	"hash/crc32"
	"strconv"
	"strings"
)

// The lines of a history file. Fields are separated by tabs; text is escaped by appendText.
//
//	cohort history 2
//	m MODULE NEXT                            the module, the number of the next run
//	r NUMBER START SEED ID                   a run: Unix milliseconds, seed or - (source order), run ID
//	p PATH RUNS LAST                         a package: runs that ran it, number of the latest
//	s VARIANT WHEN D,D,...                   its process starts: Unix seconds of the newest, microseconds
//	t NAME SEEN OUTCOMES [VARIANT WHEN D,D]  its tests: 3-9p,10f,10.1p is runs 3 to 9 and the rerun of 10 passed
//	w, o                                     instead of p and t: the package or test has to run again
//	end LINES CRC                            number of lines before, CRC-32C of their bytes
const (
	magicPrefix = "cohort history "
	version     = 2 // 1 had neither w nor o
	endPrefix   = "end\t"
)

// endLine returns the last line of a file with that body. CRC-32C has an instruction on most machines, and finds
// every burst of up to 32 bits: enough against bad disks and cut files, which is all it is for.
func endLine(body []byte) string {
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	lines := bytes.Count(body, []byte("\n"))
	return endPrefix + strconv.Itoa(lines) + "\t" + strconv.FormatUint(uint64(sum), 10) + "\n"
}

// encode returns the file.
func (st *state) encode() []byte {
	e := encoder{buf: make([]byte, 0, 1<<16)}
	e.buf = append(e.buf, magicPrefix...)
	e.int(version)
	e.end()
	e.line("m", st.module)
	e.tab().int(int64(st.next))
	e.end()
	for _, r := range st.runs {
		e.run(r)
	}
	for _, p := range st.pkgs {
		e.pkg(p)
	}
	return append(e.buf, endLine(e.buf)...)
}

type encoder struct{ buf []byte }

func (e *encoder) int(n int64) { e.buf = strconv.AppendInt(e.buf, n, 10) }

func (e *encoder) tab() *encoder {
	e.buf = append(e.buf, '\t')
	return e
}

func (e *encoder) end() {
	e.buf = append(e.buf, '\n')
}

// line begins a line of that kind with a text field.
func (e *encoder) line(kind, text string) {
	e.buf = append(e.buf, kind...)
	e.tab().text(text)
}

func (e *encoder) text(s string) { e.buf = appendText(e.buf, s) }

func (e *encoder) run(r runInfo) {
	e.buf = append(e.buf, 'r')
	e.tab().int(int64(r.num))
	e.tab().int(r.start)
	if r.shuffled {
		e.tab().int(r.seed)
	} else {
		e.tab().text("-")
	}
	e.tab().text(r.id)
	e.end()
}

func (e *encoder) pkg(p *pkgState) {
	e.line(kindOf(p.owed, "w", "p"), p.path)
	e.tab().int(int64(p.runs))
	e.tab().int(int64(p.last))
	e.end()
	for _, s := range p.startup {
		e.buf = append(e.buf, 's')
		e.samples(s)
		e.end()
	}
	for _, t := range p.tests {
		e.line(kindOf(t.owed, "o", "t"), t.name)
		e.tab().int(int64(t.seen))
		e.tab().outcomes(t.outcomes)
		for _, s := range t.durations {
			e.samples(s)
		}
		e.end()
	}
}

func kindOf(owed bool, yes, no string) string {
	if owed {
		return yes
	}
	return no
}

func (e *encoder) outcomes(spans []outcomeSpan) {
	for i, s := range spans {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.int(int64(s.first))
		if s.last != s.first {
			e.buf = append(e.buf, '-')
			e.int(int64(s.last))
		}
		if s.attempt != 0 {
			e.buf = append(e.buf, '.')
			e.int(int64(s.attempt))
		}
		e.buf = append(e.buf, byte(s.result))
	}
}

func (e *encoder) samples(s samples) {
	e.tab().text(s.variant)
	e.tab().int(s.when)
	e.tab()
	for i, d := range s.micros {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.int(d)
	}
}

// special are the bytes that a text field cannot hold as they are.
const special = "\\\t\n"

// appendText appends s with backslash, tab and newline escaped.
func appendText(buf []byte, s string) []byte {
	if !strings.ContainsAny(s, special) {
		return append(buf, s...)
	}
	for i := range len(s) {
		switch s[i] {
		case '\\':
			buf = append(buf, `\\`...)
		case '\t':
			buf = append(buf, `\t`...)
		case '\n':
			buf = append(buf, `\n`...)
		default:
			buf = append(buf, s[i])
		}
	}
	return buf
}

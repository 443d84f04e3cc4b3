package testbin

// Seam follows what is written to the go command's converter, to tell where it
// would miss framing. The converter takes a marker in mid-line for the end of
// that line, but not when its buffer of 4 KiB has just been emptied there: what
// follows a piece of exactly that length is output for it, and a result is lost
// (cmd/internal/test2json, indexEOL; the type can go when that is mended). The
// zero value is ready to use.
type Seam struct{ splitter splitter }

// Wrote notes that line, or a piece of a line, has been written.
func (s *Seam) Wrote(line []byte) {
	if len(line) > 0 && line[len(line)-1] == '\n' {
		s.splitter.buf, s.splitter.mid = s.splitter.buf[:0], false
		return
	}
	if s.splitter.whole == nil {
		ignore := func([]byte) {}
		s.splitter = newSplitter(lineLimit, ignore, ignore)
	}
	s.splitter.write(line)
}

// Deaf reports whether a marker that is written now would be missed. A newline
// before it helps.
func (s *Seam) Deaf() bool { return s.splitter.mid && len(s.splitter.buf) == 0 }

package testevent

import (
	"bytes"
	"iter"
)

// lines are lines of which the first ones are dropped. They are kept in pieces, so that no more
// memory is used than they need, and that is used again.
type lines struct {
	pieces [][]byte // whole lines with their newlines
	from   int      // where the first line begins in the first piece
	size   int64    // bytes of all lines
	spare  []byte   // a piece to use again
}

// piece is how large a piece of more than one line is.
const piece = 64 << 10

// add adds a line, with or without its newline. It keeps nothing of line.
func (l *lines) add(line []byte) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	last := len(l.pieces) - 1
	if last < 0 || len(l.pieces[last])+len(line)+1 > piece {
		l.pieces, l.spare = append(l.pieces, l.spare[:0]), nil
		last++
	}
	l.pieces[last] = append(append(l.pieces[last], line...), '\n')
	l.size += int64(len(line)) + 1
}

// drop takes out the first line, of which there is one, and returns it. It is good until the next
// call of add.
func (l *lines) drop() []byte {
	first := l.pieces[0]
	line := first[l.from : l.from+bytes.IndexByte(first[l.from:], '\n')+1]
	l.from += len(line)
	l.size -= int64(len(line))
	if l.from == len(first) {
		l.spare, l.pieces[0] = first, nil
		l.pieces, l.from = l.pieces[1:], 0
	}
	return line
}

// all yields the lines.
func (l lines) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		from := l.from
		for _, p := range l.pieces {
			for line := range bytes.Lines(p[from:]) {
				if !yield(line) {
					return
				}
			}
			from = 0
		}
	}
}

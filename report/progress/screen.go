package progress

import (
	"io"
	"strings"
	"sync"
	"time"
)

// Screen is the one place through which the output of a run and its status reach a terminal:
// output takes the status away, and it is drawn again below. Where nothing is a terminal, it
// only knows when something was last written. Its methods and its writers may be used
// concurrently.
type Screen struct {
	// terminal gets the status; nil: none is drawn.
	terminal io.Writer
	// size returns the columns and lines of the terminal, which may change at any time.
	size func() (columns, lines int)

	mu      sync.Mutex
	drawn   []string  // the status that is on the terminal
	wanted  []string  // the status that is to be there
	midline bool      // what was written last has not ended its line
	last    time.Time // when anything was written, the status aside
	drawnAt time.Time
}

// NewScreen returns a Screen that draws on terminal; nil: it draws nothing.
func NewScreen(terminal io.Writer, size func() (columns, lines int)) *Screen {
	return &Screen{terminal: terminal, size: size, last: time.Now()}
}

// redrawAfter is how long a status is not drawn again below output: output that comes in
// quick succession would be mostly status.
const redrawAfter = 50 * time.Millisecond

// Writer returns a writer to w. shared reports whether w is the terminal of the status.
func (s *Screen) Writer(w io.Writer, shared bool) io.Writer {
	return &screenWriter{screen: s, out: w, shared: shared}
}

type screenWriter struct {
	screen *Screen
	shared bool

	mu  sync.Mutex // one write at a time
	out io.Writer
}

// Write takes the status away, writes p and draws it again. A stream that is not the status's
// terminal waits for no other: nobody may be reading that one.
func (w *screenWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.screen
	if !w.shared {
		n, err := w.out.Write(p)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wrote(p, time.Now())
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := w.out.Write(p)
	now := time.Now()
	s.wrote(p, now)
	if now.Sub(s.drawnAt) >= redrawAfter {
		s.draw(now)
	}
	return n, err
}

// wrote notes that p was written. The caller holds s.mu.
func (s *Screen) wrote(p []byte, now time.Time) {
	if len(p) > 0 {
		s.last = now
		s.midline = p[len(p)-1] != '\n'
	}
}

// Last returns when anything was last written, the status aside.
func (s *Screen) Last() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Midline reports whether what was written last has not ended its line.
func (s *Screen) Midline() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.midline
}

// Size returns the columns and lines of the terminal, 0 without one.
func (s *Screen) Size() (columns, lines int) {
	if s.terminal == nil {
		return 0, 0
	}
	return s.size()
}

// Status changes the status. None takes it away.
func (s *Screen) Status(lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = lines
	if s.terminal == nil {
		return
	}
	now := time.Now()
	if !s.midline {
		s.draw(now)
	}
}

// draw puts the wanted status in the place of the one that is on the terminal. In the middle of
// a line there is no place for it. The caller holds s.mu.
func (s *Screen) draw(now time.Time) {
	if s.terminal == nil || s.midline || len(s.wanted)+len(s.drawn) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString(s.eraseSequence())
	b.WriteString(strings.Join(s.wanted, "\r\n"))
	// Best effort: a status that cannot be shown is no reason to end the tests.
	_, _ = io.WriteString(s.terminal, b.String())
	s.drawn, s.drawnAt = s.wanted, now
}

// erase takes the status off the terminal. The caller holds s.mu.
func (s *Screen) erase() {
	if len(s.drawn) == 0 {
		return
	}
	_, _ = io.WriteString(s.terminal, s.eraseSequence()) // as in draw
	s.drawn = nil
}

// eraseSequence erases the status and moves the cursor to where it begins. A terminal
// that has become narrower since has broken its lines.
func (s *Screen) eraseSequence() string {
	if len(s.drawn) == 0 {
		return ""
	}
	columns, _ := s.size()
	rows := 0
	for _, line := range s.drawn {
		rows += 1 + max(0, textWidth(line)-1)/max(columns, 1)
	}
	// Line by line: tmux takes the end of the screen, erased from its first place, for a screen that is
	// to be kept in its history.
	return "\r" + strings.Repeat("\x1b[K\x1b[1A", rows-1) + "\x1b[K"
}

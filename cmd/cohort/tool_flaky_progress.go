package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gotestcohort/cohort/scheduler/hunt"
)

// progressLine shows how far a hunt is: on a terminal in one line that is
// written again and again, elsewhere in a line now and then. Its methods are
// called one at a time.
type progressLine struct {
	out      io.Writer
	terminal bool
	next     time.Time // when the next line may come
	tenth    int       // of the rounds, that has been told of
	phase    hunt.Phase
	drawn    bool
}

func (c *command) newProgressLine() *progressLine {
	file, ok := c.stderr.(*os.File)
	return &progressLine{out: c.stderr, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// drawEvery is how often the line changes on a terminal: as often as one can read.
const drawEvery = 100 * time.Millisecond

// show tells of p, if it is time to.
func (l *progressLine) show(p hunt.Progress) {
	text := progressText(p)
	if l.terminal {
		if p.New != "" {
			l.print("\r\x1b[K" + "failed: " + p.New + "\n")
		}
		if now := time.Now(); p.New != "" || p.Phase != l.phase || !now.Before(l.next) {
			l.print("\r\x1b[K" + text)
			l.next, l.phase, l.drawn = now.Add(drawEvery), p.Phase, true
		}
		return
	}
	tenth := 0
	if p.Of > 0 {
		tenth = 10 * p.Round / p.Of
	}
	switch {
	case p.New != "":
		l.print("failed: " + p.New + "\n")
	case p.Phase != l.phase, tenth != l.tenth, p.Phase == hunt.Building:
		l.print(text + "\n")
		l.phase, l.tenth = p.Phase, tenth
	}
}

// clear removes the line from the terminal.
func (l *progressLine) clear() {
	if l.drawn {
		l.print("\r\x1b[K")
	}
}

// print is best effort: progress that nobody can read is no reason to stop.
func (l *progressLine) print(text string) { _, _ = io.WriteString(l.out, text) }

// progressText is the line for p.
func progressText(p hunt.Progress) string {
	var parts []string
	of := ""
	if p.Of > 0 {
		of = fmt.Sprintf(" of %d", p.Of)
	}
	switch p.Phase {
	case hunt.Building:
		return "building the test binaries"
	case hunt.Rounds:
		parts = append(parts, fmt.Sprintf("round %d%s", p.Round, of))
	case hunt.Surveying:
		parts = append(parts, fmt.Sprintf("looked at %d%s failures", p.Round, of))
	case hunt.Probing:
		parts = append(parts, fmt.Sprintf("explaining failure %d%s", p.Round+1, of))
	}
	parts = append(parts, fmt.Sprintf("%d processes", p.Processes), fmt.Sprintf("%d failed", p.Failed))
	if p.Left > 0 {
		parts = append(parts, p.Left.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, ", ")
}

package main

import (
	"fmt"
	"io"

	"github.com/fatih/color"
)

// logger writes cohort's own messages, in gotestsum's form, one Write for each so
// that two goroutines do not mix their lines. Its writer must be safe for
// concurrent use if it is.
type logger struct {
	out     io.Writer
	verbose bool // --debug: print debug messages too
}

func (l *logger) errorf(format string, args ...any) {
	l.print(color.RedString("ERROR "), format, args...)
}

func (l *logger) warnf(format string, args ...any) {
	l.print(color.YellowString("WARN "), format, args...)
}

// infof says what cohort does where a user would wonder.
func (l *logger) infof(format string, args ...any) { l.print("", format, args...) }

func (l *logger) debugf(format string, args ...any) {
	if l.verbose {
		l.print("", format, args...)
	}
}

func (l *logger) print(prefix, format string, args ...any) {
	// Best effort: there is nowhere left to report that stderr cannot be written.
	_, _ = io.WriteString(l.out, prefix+fmt.Sprintf(format, args...)+"\n")
}

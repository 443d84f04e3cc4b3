package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// witness watches the stream of a rerun: only what it has seen pass counts.
type witness struct {
	part   []byte // an incomplete line
	failed bool
	ended  map[[2]string]string // what became of a package and test ("": the package): pass, skip or fail
	ran    bool                 // some root test ended well
}

func (w *witness) Write(p []byte) (int, error) {
	rest := p
	for {
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if !ok {
			w.part = append(w.part, rest...)
			return len(p), nil
		}
		w.line(append(w.part, line...))
		w.part, rest = w.part[:0], after
	}
}

func (w *witness) line(line []byte) {
	var event struct{ Action, Package, Test string }
	if json.Unmarshal(line, &event) != nil {
		return
	}
	switch event.Action {
	case "fail", "build-fail":
		w.failed = true
	case "pass", "skip":
		w.ran = w.ran || event.Test != "" && !strings.Contains(event.Test, "/")
	default:
		return
	}
	if w.ended == nil {
		w.ended = map[[2]string]string{}
	}
	w.ended[[2]string{event.Package, event.Test}] = event.Action
}

// passed reports whether the stream shows that all of u ran, and passed.
func (w *witness) passed(u *plainUnit) bool {
	if len(w.part) > 0 {
		w.line(w.part)
		w.part = nil
	}
	w.settle(u)
	result := w.ended[[2]string{u.pkg, u.root}]
	return !w.failed && w.ran && (result == "pass" || result == "skip") && len(u.owed) == 0
}

// settle takes off the account of u the subtests that the stream has shown, and adds those
// that failed. A test that was skipped owes none.
func (w *witness) settle(u *plainUnit) {
	maps.DeleteFunc(u.owed, func(test string, _ bool) bool {
		if w.ended[[2]string{u.pkg, test}] != "" {
			return true
		}
		for i := range test {
			if test[i] == '/' && w.ended[[2]string{u.pkg, test[:i]}] == "skip" {
				return true
			}
		}
		return false
	})
	for key, result := range w.ended {
		if result == "fail" && key[0] == u.pkg && strings.Contains(key[1], "/") {
			u.owed[key[1]] = true
		}
	}
}

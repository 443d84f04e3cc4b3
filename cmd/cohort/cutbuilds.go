package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
)

// cutReader reads events of go test -json and leaves out builds that the end of the run has cut off. The
// go command is interrupted, and with it the compilers and linkers that run; once it has run a test it
// calls that a build that failed, and may call the package so too. Such a package has not started.
type cutReader struct {
	src     io.Reader
	stopped func() bool // the go command has been interrupted, or will be in a moment
	events  cutBuilds
	watch   bool   // stopped was seen
	partial bool   // what was passed on does not end with a line
	line    []byte // the beginning of a line
	ready   []byte // to be passed on
	err     error
}

func newCutReader(src io.Reader, stopped func() bool) *cutReader {
	return &cutReader{src: src, stopped: stopped}
}

// Read passes on what the source gives, as long as nothing has stopped the run. Nothing that it passes on
// until then is due to that.
func (r *cutReader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		if r.err != nil || len(p) == 0 {
			return 0, r.err
		}
		n, err := r.src.Read(p)
		r.err = err
		r.watch = r.watch || r.stopped()
		if !r.watch {
			if n > 0 {
				r.partial = p[n-1] != '\n'
			}
			return n, err
		}
		r.take(p[:n])
		if errors.Is(err, io.EOF) {
			r.ready = append(append(r.ready, r.events.rest()...), r.line...)
			r.line = nil
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// take takes what was read after the stop.
func (r *cutReader) take(data []byte) {
	if r.partial {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		r.partial = n == 0 || data[n-1] != '\n'
		r.ready, data = append(r.ready, data[:n]...), data[n:]
	}
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			r.line = append(r.line, data...)
			return
		}
		r.line = append(r.line, data[:n]...)
		r.ready = append(r.ready, r.events.next(r.line)...)
		r.line, data = nil, data[n:]
	}
}

// cutBuilds decides which of the events after the end of a run tell of builds that it has cut off. The
// zero value is at the beginning.
type cutBuilds struct {
	held []heldEvent
	cut  map[string]bool // what was being built, by import path
}

// heldEvent is an event of which it is not known yet what it belongs to.
type heldEvent struct {
	of   string // a build or a package
	line []byte
}

// next takes an event, as a line, and returns the lines to pass on.
func (c *cutBuilds) next(line []byte) []byte {
	var e struct{ Action, ImportPath, Package, Test, Output, FailedBuild string }
	if json.Unmarshal(line, &e) != nil {
		return line
	}
	build, pkg := "build "+e.ImportPath, "package "+e.Package
	switch {
	case e.Action == "build-output":
		if signalled.MatchString(e.Output) {
			if c.cut == nil {
				c.cut = make(map[string]bool)
			}
			c.cut[e.ImportPath] = true
		}
		return c.hold(build, line)
	case e.Action == "build-fail":
		return c.end(build, line, c.cut[e.ImportPath])
	case e.Test != "":
	case e.Action == "start", e.Action == "output" && e.Output == "FAIL\t"+e.Package+" [build failed]\n":
		return c.hold(pkg, line)
	case e.Action == "fail":
		return c.end(pkg, line, c.cut[e.FailedBuild])
	}
	return c.end(pkg, line, false)
}

// signalled is a line of the go command's about a tool that a signal has ended, or that says so as a
// shell does.
var signalled = regexp.MustCompile(`: (signal: (interrupt|terminated|hangup)|exit status (130|143|129))\n?$`)

func (c *cutBuilds) hold(of string, line []byte) []byte {
	c.held = append(c.held, heldEvent{of, bytes.Clone(line)})
	return nil
}

// end returns what is held of a build or a package, and line after it, unless all of it is to be left out.
func (c *cutBuilds) end(of string, line []byte, leaveOut bool) []byte {
	var out []byte
	c.held = slices.DeleteFunc(c.held, func(h heldEvent) bool {
		if h.of == of {
			out = append(out, h.line...)
		}
		return h.of == of
	})
	if leaveOut {
		return nil
	}
	return append(out, line...)
}

// rest returns what is held at the end.
func (c *cutBuilds) rest() []byte {
	var out []byte
	for _, h := range c.held {
		out = append(out, h.line...)
	}
	c.held = nil
	return out
}

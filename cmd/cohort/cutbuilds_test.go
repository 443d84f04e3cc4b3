package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	cutOutput   = `{"ImportPath":"m/d.test","Action":"build-output","Output":"m/d.test: /x/link: signal: interrupt\n"}` + "\n"
	cutSaid     = `{"ImportPath":"m/d.test","Action":"build-output","Output":"m/d.test: /x/sh: exit status 130\n"}` + "\n"
	cutFail     = `{"ImportPath":"m/d.test","Action":"build-fail"}` + "\n"
	cutStart    = `{"Action":"start","Package":"m/d"}` + "\n"
	cutText     = `{"Action":"output","Package":"m/d","Output":"FAIL\tm/d [build failed]\n"}` + "\n"
	cutEnd      = `{"Action":"fail","Package":"m/d","Elapsed":0,"FailedBuild":"m/d.test"}` + "\n"
	wrongHead   = `{"ImportPath":"m/b","Action":"build-output","Output":"# m/b\n"}` + "\n"
	wrongOutput = `{"ImportPath":"m/b","Action":"build-output","Output":"b/b.go:1:2: undefined: x\n"}` + "\n"
	wrongFail   = `{"ImportPath":"m/b","Action":"build-fail"}` + "\n"
	wrongStart  = `{"Action":"start","Package":"m/b"}` + "\n"
	wrongText   = `{"Action":"output","Package":"m/b","Output":"FAIL\tm/b [build failed]\n"}` + "\n"
	wrongEnd    = `{"Action":"fail","Package":"m/b","Elapsed":0,"FailedBuild":"m/b"}` + "\n"
	testStart   = `{"Action":"start","Package":"m/a"}` + "\n"
	cutRun      = `{"Action":"run","Package":"m/a","Test":"TestA"}` + "\n"
	testOutput  = `{"Action":"output","Package":"m/a","Test":"TestA","Output":"m/d.test: signal: interrupt\n"}` + "\n"
	testFail    = `{"Action":"fail","Package":"m/a","Test":"TestA"}` + "\n"
	testEnd     = `{"Action":"fail","Package":"m/a"}` + "\n"
)

// TestCutBuilds is a table of what the go command says before and after the run was stopped, with what is
// passed on. Whatever pieces it comes in, the outcome is the same.
func TestCutBuilds(t *testing.T) {
	t.Parallel()
	wrong := wrongHead + wrongOutput + wrongFail + wrongStart + wrongText + wrongEnd
	test := testStart + cutRun + testOutput + testFail + testEnd
	for name, tc := range map[string]struct{ before, after, want string }{
		"nothing":                      {"", "", ""},
		"not stopped":                  {cutOutput + cutFail + cutStart + cutText + cutEnd + test, "", cutOutput + cutFail + cutStart + cutText + cutEnd + test},
		"a build, not the package":     {test, cutOutput + cutFail, test},
		"a build and the package":      {"", cutOutput + cutFail + cutStart + cutText + cutEnd, ""},
		"a wrapper says so":            {"", cutSaid + cutFail + cutStart + cutText + cutEnd, ""},
		"a build that is wrong":        {"", wrong, wrong},
		"both at a time":               {testStart + cutRun, wrongHead + cutOutput + wrongOutput + cutFail + wrongFail + cutStart + cutText + cutEnd + wrongStart + wrongText + wrongEnd, testStart + cutRun + wrong},
		"tests":                        {"", test, test},
		"a package that starts late":   {"", testStart, testStart},
		"a build without an end":       {"", wrongHead + testStart, wrongHead + testStart},
		"in the middle of a line":      {testStart[:9], testStart[9:] + cutOutput + cutFail, testStart},
		"no event":                     {"", "panic: x\n" + cutOutput + cutFail + "goroutine 1", "panic: x\ngoroutine 1"},
		"a package with another event": {"", cutOutput + cutFail + cutStart + strings.ReplaceAll(cutRun, "m/a", "m/d"), cutStart + strings.ReplaceAll(cutRun, "m/a", "m/d")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, pieces := range []func(io.Reader) io.Reader{
				func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader, iotest.HalfReader,
			} {
				stopped := false
				src := io.MultiReader(strings.NewReader(tc.before), readerFunc(func([]byte) (int, error) {
					stopped = tc.after != ""
					return 0, io.EOF
				}), strings.NewReader(tc.after))
				got, err := io.ReadAll(newCutReader(pieces(src), func() bool { return stopped }))
				if err != nil || string(got) != tc.want {
					t.Errorf("%v\n%s\nwant\n%s", err, got, tc.want)
				}
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

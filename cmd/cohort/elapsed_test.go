package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestElapsedReader(t *testing.T) {
	t.Parallel()
	took := func(pkg string) (time.Duration, bool) {
		return 1500400 * time.Microsecond, pkg == "m/p"
	}
	yes := func() bool { return true }
	for in, want := range map[string]string{
		`{"Time":"t","Action":"pass","Package":"m/p","Elapsed":8.502}`:                        `{"Time":"t","Action":"pass","Package":"m/p","Elapsed":1.5}`,
		`{"Time":"t","Action":"fail","Package":"m/p","Elapsed":8}`:                            `{"Time":"t","Action":"fail","Package":"m/p","Elapsed":1.5}`,
		`{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t8.502s\n"}`:                  `{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t1.500s\n"}`,
		`{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t8.502s\tcoverage: 75.0%\n"}`: `{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t1.500s\tcoverage: 75.0%\n"}`,
		`{"Action":"output","Package":"m/p","Output":"FAIL\tm/p\t8.502s\n"}`:                  `{"Action":"output","Package":"m/p","Output":"FAIL\tm/p\t1.500s\n"}`,
		// What is not of the package, or not known, stays as it is.
		`{"Action":"output","Package":"m/p","Output":"ok  \tm/p\t(cached)\n"}`:      "",
		`{"Action":"output","Package":"m/p","Output":"FAIL\tm/p [build failed]\n"}`: "",
		`{"Action":"output","Package":"m/p","Output":"it took 8.502s\n"}`:           "",
		`{"Action":"pass","Package":"m/p","Test":"TestX","Elapsed":8.502}`:          "",
		`{"Action":"pass","Package":"m/q","Elapsed":8.502}`:                         "",
		`{"Action":"start","Package":"m/p"}`:                                        "",
		`no event`:                                                                  "",
		"":                                                                          "",
		`{"Action":"output","Package":"m/p","Output":"` + strings.Repeat("x", 200<<10) + `"}`: "",
	} {
		if want == "" {
			want = in
		}
		for _, end := range []string{"", "\n", "\n{}\n"} {
			got, err := io.ReadAll(newElapsedReader(strings.NewReader(in+end), took, yes))
			if err != nil || string(got) != want+end {
				t.Errorf("%.100s: %.200q, %v", in, got, err)
			}
			got, err = io.ReadAll(iotest.OneByteReader(newElapsedReader(iotest.OneByteReader(strings.NewReader(in+end)), took, yes)))
			if err != nil || string(got) != want+end {
				t.Errorf("%.100s, byte by byte: %.200q, %v", in, got, err)
			}
		}
	}
}

// TestElapsedReaderDoesNotWait has a source that has given a line and says nothing more.
func TestElapsedReaderDoesNotWait(t *testing.T) {
	t.Parallel()
	for _, some := range []bool{false, true} {
		testElapsedReaderDoesNotWait(t, some)
	}
}

func testElapsedReaderDoesNotWait(t *testing.T, some bool) {
	t.Helper()
	from, to := io.Pipe()
	r := newElapsedReader(from, func(string) (time.Duration, bool) { return 0, false }, func() bool { return some })
	go func() { // ends when the line and its end have been read
		_, _ = io.WriteString(to, "one\ntwo\nth")
		_ = to.CloseWithError(io.ErrUnexpectedEOF)
	}()
	var got bytes.Buffer
	buf := make([]byte, 100)
	for {
		n, err := r.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			if err != io.ErrUnexpectedEOF || got.String() != "one\ntwo\nth" {
				t.Errorf("%q, %v", &got, err)
			}
			return
		}
	}
}

// TestElapsedReaderKnowsLater: nothing is known of any package until a piece of a line has been read.
func TestElapsedReaderKnowsLater(t *testing.T) {
	t.Parallel()
	const cached = `{"Action":"pass","Package":"m/p","Elapsed":8.502}` + "\n"
	const end = `"Package":"m/p","Output":"ok  \tm/p\t8.502s\n"}` + "\n"
	for first, wantEnd := range map[string]string{
		"":                    strings.Replace(end, "8.502", "1.500", 1),
		cached:                strings.Replace(end, "8.502", "1.500", 1),
		`{"Action":"output",`: end, // the line has begun before: it is of a package of which nothing was known
		cached + "{":          end,
	} {
		known := false
		took := func(string) (time.Duration, bool) { return 1500 * time.Millisecond, true }
		src := io.MultiReader(strings.NewReader(first), knowing{&known}, strings.NewReader(end+cached))
		got, err := io.ReadAll(newElapsedReader(src, took, func() bool { return known }))
		want := first + wantEnd + strings.Replace(cached, "8.502", "1.5", 1)
		if err != nil || string(got) != want {
			t.Errorf("after %q: %q, %v, want %q", first, got, err, want)
		}
	}
}

// knowing is a reader of nothing that sets a variable.
type knowing struct{ known *bool }

func (k knowing) Read([]byte) (int, error) {
	*k.known = true
	return 0, io.EOF
}

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
			got, err := io.ReadAll(newElapsedReader(strings.NewReader(in+end), took))
			if err != nil || string(got) != want+end {
				t.Errorf("%.100s: %.200q, %v", in, got, err)
			}
			got, err = io.ReadAll(iotest.OneByteReader(newElapsedReader(iotest.OneByteReader(strings.NewReader(in+end)), took)))
			if err != nil || string(got) != want+end {
				t.Errorf("%.100s, byte by byte: %.200q, %v", in, got, err)
			}
		}
	}
}

// TestElapsedReaderDoesNotWait has a source that has given a line and says nothing more.
func TestElapsedReaderDoesNotWait(t *testing.T) {
	t.Parallel()
	from, to := io.Pipe()
	r := newElapsedReader(from, func(string) (time.Duration, bool) { return 0, false })
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

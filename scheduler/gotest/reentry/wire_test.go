package reentry

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	var wire bytes.Buffer
	sizes := []int{0, 1, 5, 4096, 1 << 20, 3}
	for i, size := range sizes {
		if err := WriteFrame(&wire, byte('a'+i), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range map[string]io.Reader{
		"whole":    bytes.NewReader(wire.Bytes()),
		"halves":   iotest.HalfReader(bytes.NewReader(wire.Bytes())),
		"data+EOF": iotest.DataErrReader(bytes.NewReader(wire.Bytes())),
	} {
		var buf []byte
		for i, size := range sizes {
			kind, payload, grown, err := ReadFrame(r, buf)
			buf = grown
			if err != nil || kind != byte('a'+i) || !bytes.Equal(payload, bytes.Repeat([]byte{byte(i)}, size)) {
				t.Fatalf("%s: frame %d: %q, %d bytes, %v", name, i, kind, len(payload), err)
			}
		}
		if _, _, _, err := ReadFrame(r, buf); !errors.Is(err, io.EOF) {
			t.Errorf("%s: after the last frame: %v, want EOF", name, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("O\x00\x00\x00\x02hiE\x00\x00\x00\x010"))
	f.Add([]byte("O\xff\xff\xff\xffx"))
	f.Add([]byte("O\x00\x00\x00\x09hi"))
	f.Add([]byte("O\x00\x00"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		var buf []byte
		var again bytes.Buffer
		for {
			kind, payload, grown, err := ReadFrame(r, buf)
			buf = grown
			if err != nil {
				if len(stream)-r.Len() == again.Len() != errors.Is(err, io.EOF) {
					t.Fatalf("error %v with %d of %d bytes in frames", err, again.Len(), len(stream))
				}
				break
			}
			if err := WriteFrame(&again, kind, payload); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(stream, again.Bytes()) {
			t.Errorf("%q is read as the frames %q", stream, again.Bytes())
		}
	})
}

func TestGreetings(t *testing.T) {
	t.Parallel()
	for _, h := range []Hello{
		{},
		{Token: "t", Dir: "/d", Args: []string{"b", "-test.v"}, Env: []string{"A=1", "B="}},
		{Args: []string{"a", "", "\xff\x00\n", "é\u2028", strings.Repeat("x", 1<<20)}, Env: []string{"X=\xc3"}},
		{Env: make([]string, 1000)},
	} {
		got, err := DecodeHello(h.Encode())
		if err != nil || got.Token != h.Token || got.Dir != h.Dir || !slices.Equal(got.Args, h.Args) || !slices.Equal(got.Env, h.Env) {
			t.Errorf("%.100q, %v; want %.100q", got, err, h)
		}
	}
	build := Build{Token: "t", Tool: "compile"}
	if got, err := DecodeBuild(build.Encode()); err != nil || got != build {
		t.Errorf("%q, %v; want %q", got, err, build)
	}
}

// FuzzGreetings: what is no greeting is an error, whatever it claims about its length.
func FuzzGreetings(f *testing.F) {
	f.Add(Hello{Token: "t", Dir: "/d", Args: []string{"b", "-test.v"}, Env: []string{"A=1"}}.Encode())
	f.Add(Build{Token: "t", Tool: "link"}.Encode())
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Add([]byte("\x00\x00\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if h, err := DecodeHello(payload); err == nil {
			if again, err := DecodeHello(h.Encode()); err != nil || !reflect.DeepEqual(again, h) {
				t.Errorf("%q, then %q, %v", h, again, err)
			}
		}
		if b, err := DecodeBuild(payload); err == nil {
			if again, err := DecodeBuild(b.Encode()); err != nil || again != b {
				t.Errorf("%q, then %q, %v", b, again, err)
			}
		}
	})
}

package gotest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	var wire bytes.Buffer
	sizes := []int{0, 1, 5, 4096, 1 << 20, 3}
	for i, size := range sizes {
		if err := writeFrame(&wire, byte('a'+i), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
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
			kind, payload, grown, err := readFrame(r, buf)
			buf = grown
			if err != nil || kind != byte('a'+i) || !bytes.Equal(payload, bytes.Repeat([]byte{byte(i)}, size)) {
				t.Fatalf("%s: frame %d: %q, %d bytes, %v", name, i, kind, len(payload), err)
			}
		}
		if _, _, _, err := readFrame(r, buf); !errors.Is(err, io.EOF) {
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
			kind, payload, grown, err := readFrame(r, buf)
			buf = grown
			if err != nil {
				if len(stream)-r.Len() == again.Len() != errors.Is(err, io.EOF) {
					t.Fatalf("error %v with %d of %d bytes in frames", err, again.Len(), len(stream))
				}
				break
			}
			if err := writeFrame(&again, kind, payload); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(stream, again.Bytes()) {
			t.Errorf("%q is read as the frames %q", stream, again.Bytes())
		}
	})
}

func TestHelloKeepsBytes(t *testing.T) {
	t.Parallel()
	words := []string{"a", "", "\xff\x00\n", "é\u2028", "X=\xc3"}
	if got := toStrings(toBytes(words)); !slices.Equal(got, words) {
		t.Errorf("%q, want %q", got, words)
	}
}

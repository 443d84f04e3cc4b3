package record

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestRedactContent: what is handed over at the end is redacted too.
func TestRedactContent(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := NewWriter(nopCloser{&file}, secrets("s3cret"))
	const profile = "mode: set\nm/s3cret/a.go:1.2,3.4 1 1\nm/b.go:1.2,3.4 1 0\n"
	const added = `{"runs":[{"id":"x","start":"2026-01-02T03:04:05Z","packages":[{"path":"m/s3cret","startup":[12]}]}]}`
	if err := w.Close(Manifest{}, strings.NewReader(profile), strings.NewReader(added)); err != nil {
		t.Fatal(err)
	}
	r := read(t, file.Bytes())
	for _, c := range []struct {
		open func() (io.ReadCloser, error)
		want string
	}{
		{r.Coverage, strings.ReplaceAll(profile, "s3cret", "[redacted]")},
		{r.History, strings.ReplaceAll(added, "s3cret", "[redacted]")},
	} {
		in, err := c.open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil || string(got) != c.want {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
	}
}

// TestRedactUnread: content that cannot be read is an error of the record, and not a record without it.
func TestRedactUnread(t *testing.T) {
	t.Parallel()
	w := NewWriter(nopCloser{io.Discard}, secrets("s3cret"))
	err := w.Close(Manifest{}, iotest.ErrReader(io.ErrClosedPipe), nil)
	if err == nil || !strings.Contains(err.Error(), "closed pipe") {
		t.Errorf("%v, want that the pipe is closed", err)
	}
}

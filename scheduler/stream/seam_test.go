package stream

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// TestMergeLosesNoFraming: the reader of a merged stream cuts long lines, and
// must not miss the marker that follows a line without a newline.
func TestMergeLosesNoFraming(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		strings.Repeat("x", 4095), strings.Repeat("x", 4096), strings.Repeat("x", 4097), strings.Repeat("x", 3*4096),
		strings.Repeat("x", 4095) + "é", strings.Repeat("é", 3*4096), strings.Repeat("x", 4094) + "€" + strings.Repeat("x", 4095),
		"BenchmarkX\t", "BenchmarkX \tx",
	} {
		var events bytes.Buffer
		coder := testbin.NewEncoder(&events, "p", time.Now) // the go command's converter, faults included
		m := New(coder, false, func() (*os.File, error) { return nil, os.ErrInvalid })
		f := m.Process(ProcessOptions{Verbatim: true})
		parser := testbin.NewParser(nil, f.Event)
		if _, err := io.WriteString(parser, "\x16=== RUN   TestA\n"+line+"\x16--- FAIL: TestA (0.00s)\n\x16FAIL\n"); err != nil {
			t.Fatal(err)
		}
		parser.Close()
		f.Close()
		if err := coder.Close(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(events.String(), `"Action":"fail","Package":"p","Test":"TestA"`) {
			t.Errorf("%d bytes %.12q...: the failure is lost: %.600s", len(line), line, events.String()[max(0, events.Len()-600):])
		}
	}
}

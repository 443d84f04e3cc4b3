package record_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

// million is the events of 250,000 tests that pass.
func million() []byte {
	var b bytes.Buffer
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 250_000 {
		now = now.Add(317 * time.Microsecond)
		head := fmt.Sprintf(`{"Time":%q,"Action":`, now.Format(time.RFC3339Nano))
		tail := fmt.Sprintf(`,"Package":"example.com/shop/pkg%d","Test":"TestNumber%d"`, i/1000, i)
		fmt.Fprintf(&b, "%s\"run\"%s}\n", head, tail)
		fmt.Fprintf(&b, "%s\"output\"%s,\"Output\":\"=== RUN   TestNumber%d\\n\"}\n", head, tail, i)
		fmt.Fprintf(&b, "%s\"output\"%s,\"Output\":\"--- PASS: TestNumber%d (0.00s)\\n\"}\n", head, tail, i)
		fmt.Fprintf(&b, "%s\"pass\"%s,\"Elapsed\":0}\n", head, tail)
	}
	return b.Bytes()
}

// BenchmarkMillion compares a record of a million events with what the report needs for them.
func BenchmarkMillion(b *testing.B) {
	text := million()
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			writeMillion(b, text)
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			scan(b, bytes.NewReader(text))
		}
	})
	b.Run("both", func(b *testing.B) {
		for b.Loop() {
			w, err := record.Create(filepath.Join(b.TempDir(), "run.cohort"), nil)
			if err != nil {
				b.Fatal(err)
			}
			scan(b, io.TeeReader(bytes.NewReader(text), w.Stream(record.Attempt{}).Stdout()))
			if err := w.Close(record.Manifest{}, nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func writeMillion(b *testing.B, text []byte) {
	name := filepath.Join(b.TempDir(), "run.cohort")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w, err := record.Create(name, nil)
	if err != nil {
		b.Fatal(err)
	}
	out := w.Stream(record.Attempt{}).Stdout()
	for rest := text; len(rest) > 0; {
		n := min(64<<10, len(rest))
		_, _ = out.Write(rest[:n]) // does not fail
		rest = rest[n:]
	}
	if err := w.Close(record.Manifest{}, nil, nil); err != nil {
		b.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/1e6, "MB-allocated")
	b.ReportMetric(float64(info.Size())/1e6, "MB-file")
	b.ReportMetric(float64(len(text))/1e6, "MB-text")
}

func scan(b *testing.B, from io.Reader) {
	lines := report.NewLines()
	h, err := report.NewHandler(report.Config{
		Format: "pkgname", Stdout: io.Discard, Stderr: io.Discard, Lines: lines, ForgetPassed: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	_, err = testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: h.Events(lines.Events(from, func(string) {})), Handler: h,
	})
	if err != nil {
		b.Fatal(err)
	}
}

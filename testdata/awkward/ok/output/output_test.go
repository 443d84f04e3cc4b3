// Package output has tests that print what a reader of the stream may stumble
// over. None of them prints byte 0x16, the marker of real framing lines.
package output

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestNoNewline(t *testing.T) { fmt.Print("no newline at the end") }

func TestNoNewlineAgain(t *testing.T) { fmt.Print("again no newline at the end") }

func TestNoNewlineInSubtest(t *testing.T) {
	t.Run("sub", func(t *testing.T) { fmt.Print("inside") })
	fmt.Print("outside")
	t.Run("sub", func(t *testing.T) {})
}

func TestNoNewlineThenLog(t *testing.T) {
	fmt.Print("first this ")
	t.Log("then a log line")
}

func TestNoNewlineSkip(t *testing.T) {
	fmt.Print("before the skip")
	t.Skip("skipped in mid-line")
}

func TestLongLine(t *testing.T) {
	fmt.Println(strings.Repeat("0123456789", 30_000))
}

func TestLongLog(t *testing.T) {
	t.Log(strings.Repeat("abcdefghij", 30_000))
}

func TestLongLineNoNewline(t *testing.T) {
	fmt.Print(strings.Repeat("x", 300_000))
}

func TestBinary(t *testing.T) {
	os.Stdout.Write([]byte{0x00, 0x80, 0x1b, '[', '3', '1', 'm', 0xff, 0xfe, '\r', '\n'})
	os.Stdout.Write([]byte("\x1b]0;title\x07 \xe2\x80 half a rune\n"))
}

func TestAllBytes(t *testing.T) {
	for b := range 256 {
		if b != 0x16 {
			os.Stdout.Write([]byte{byte(b)})
		}
	}
	fmt.Println()
}

func TestSplitRune(t *testing.T) {
	for _, b := range []byte("grüße, 世界\n") {
		os.Stdout.Write([]byte{b})
	}
}

func TestCarriageReturns(t *testing.T) { fmt.Print("10%\r50%\r100%\r\n") }

func TestManyLines(t *testing.T) {
	for i := range 2_000 {
		fmt.Println("line", i)
	}
}

func TestEmptyLines(t *testing.T) { fmt.Print("\n\n\n") }

func TestMultiLineLog(t *testing.T) {
	t.Log("first\nsecond\n\nfourth")
	t.Run("sub", func(t *testing.T) { t.Log("deep\n    indented\n\tby tab") })
}

func TestStderr(t *testing.T) {
	fmt.Fprintln(os.Stderr, "on stderr")
	fmt.Fprint(os.Stderr, "on stderr without newline")
}

func TestOutputWriter(t *testing.T) {
	fmt.Fprintln(t.Output(), "through t.Output")
	fmt.Fprint(t.Output(), "through t.Output without newline")
}

func TestLogsAfterRun(t *testing.T) {
	t.Log("before")
	t.Run("sub", func(t *testing.T) { t.Log("during") })
	t.Log("after")
}

func TestOneWrite(t *testing.T) {
	os.Stdout.Write(bytes.Repeat([]byte("many lines in one write\n"), 3_000))
}

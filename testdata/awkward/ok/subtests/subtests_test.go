// Package subtests names its subtests in every way that makes a -run list, a
// framing line or a file name hard to get right.
package subtests

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, name := range []string{
		"plain",
		"with/slash",
		"a/b/c",
		"/leading",
		"trailing/",
		"two  spaces",
		" padded ",
		"[brackets]",
		"(parens)|pipe",
		"reg.*exp+$",
		`back\slash`,
		"percent%d%s",
		"quote\"and'apostrophe",
		"new\nline",
		"tab\there",
		"bell\a",
		"grüße",
		"日本語",
		"e\u0301", // e and a combining accent: two code points, one letter
		"bad\xffutf8",
		"--- PASS: TestFake (0.00s)",
		"(0.00s)",
		"=== RUN",
		"",
		"#01",
	} {
		t.Run(name, func(t *testing.T) { t.Log(t.Name()) })
	}
}

func TestDuplicates(t *testing.T) {
	for range 3 {
		t.Run("same", func(t *testing.T) {
			t.Run("inner", func(t *testing.T) {})
			t.Run("inner", func(t *testing.T) {})
		})
	}
	t.Run("", func(t *testing.T) {})
	t.Run("", func(t *testing.T) {})
}

func TestDeep(t *testing.T) {
	var nest func(t *testing.T, depth int)
	nest = func(t *testing.T, depth int) {
		if depth == 0 {
			t.Log("bottom")
			return
		}
		t.Run("level", func(t *testing.T) { nest(t, depth-1) })
	}
	nest(t, 6)
}

func TestLongName(t *testing.T) {
	t.Run(strings.Repeat("long", 500), func(t *testing.T) {})
}

// TestDeepe and TestDee begin as TestDeep does: a run list must anchor names.
func TestDeepe(t *testing.T) {}

func TestDee(t *testing.T) {}

// Package arguments has tests that take flags and words from the command line:
//
//	go test ./ok/arguments -args -colour=red one "two words"
package arguments

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var colour = flag.String("colour", "none", "a flag of the test's own")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

func TestFlag(t *testing.T) { t.Log("colour:", *colour) }

func TestWords(t *testing.T) {
	t.Logf("words: %q", flag.Args())
	for _, word := range flag.Args() {
		t.Run("word "+word, func(t *testing.T) {})
	}
}

func TestRedIsSkipped(t *testing.T) {
	if *colour == "red" {
		t.Skip("red")
	}
}

func TestEmptyWord(t *testing.T) {
	if strings.Contains(strings.Join(flag.Args(), "|"), "||") {
		t.Skip("an empty word reached the test")
	}
}

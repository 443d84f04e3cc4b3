package main

import (
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "12345678-1", "Build_7", strings.Repeat("x", maxName)} {
		if err := checkName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"": "empty", "a.b": `'.'`, "*": `'*'`, "a>": `'>'`, "a b": `' '`, "é": `'é'`, "a\n": `'\n'`, "../x": `'.'`, "$JS": `'$'`,
		strings.Repeat("x", maxName+1): "65 characters",
	} {
		if err := checkName(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n, err := namesOf("42-1")
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		n.workStream():                       "COHORT_W_42-1",
		n.resultStream():                     "COHORT_R_42-1",
		n.outputStream():                     "COHORT_O_42-1",
		n.keyBucket():                        "COHORT_K_42-1",
		n.keyStream():                        "KV_COHORT_K_42-1",
		n.subject("result", "b1", "0"):       "cohort.42-1.result.b1.0",
		n.subject("work", "long", "b1"):      "cohort.42-1.work.long.b1",
		n.subject("out", "n", "b", "0", ">"): "cohort.42-1.out.n.b.0.>",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if _, err := namesOf("42.1"); err == nil || !strings.Contains(err.Error(), `run id "42.1"`) {
		t.Errorf("42.1: %v", err)
	}
}

// FuzzCheckName checks that a name that is allowed is one part of a subject, and nothing else.
func FuzzCheckName(f *testing.F) {
	f.Add("42-1")
	f.Add("a.b")
	f.Fuzz(func(t *testing.T, word string) {
		if checkName(word) != nil {
			return
		}
		if len(word) == 0 || len(word) > maxName || strings.ContainsAny(word, ".*> \t\r\n/\\$") {
			t.Errorf("%q is allowed", word)
		}
	})
}

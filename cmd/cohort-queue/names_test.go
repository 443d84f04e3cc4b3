package main

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	n, err := namesOf("42-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][2]string{
		{n.workStream(), "COHORT_W_42-1"},
		{n.resultStream(), "COHORT_R_42-1"},
		{n.outputStream(), "COHORT_O_42-1"},
		{n.keyBucket(), "COHORT_K_42-1"},
		{n.keyStream(), "KV_COHORT_K_42-1"},
		{n.key(keyNode + "n7"), "$KV.COHORT_K_42-1.node.n7"},
		{n.live(keyState), "cohort.42-1.live.state"},
		{n.subject("result", "b1", "0"), "cohort.42-1.result.b1.0"},
	} {
		if row[0] != row[1] {
			t.Errorf("%s, want %s", row[0], row[1])
		}
	}
	for _, bad := range []string{"", "42.1", "*", ">", "a b", "é", strings.Repeat("x", 65)} {
		if _, err := namesOf(bad); err == nil || !strings.Contains(err.Error(), "run id") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

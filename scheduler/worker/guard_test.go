package worker

import (
	"fmt"
	"testing"
	"time"
)

// TestGuardLongest is a table of what a process prints, and of the test that has run for longest then.
func TestGuardLongest(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	g := NewGuard(nil, func() time.Time { return now })
	defer g.Stop()
	for i, step := range []struct{ prints, want string }{
		{"", " 0"},
		{"\x16=== RUN   TestA\n", "TestA 2"},
		{"\x16=== RUN   TestA/sub\n", "TestA 2"},
		{"\x16=== PAUSE TestA\n", " 0"},
		{"\x16=== RUN   TestB\n", "TestB 5"},
		{"\x16--- PASS: TestB (0.00s)\n", " 0"},
		{"\x16=== CONT  TestA\n", "TestA 7"},
		{"text\n", "TestA 7"},
		{"\x16--- FAIL: TestA (0.00s)\n", " 0"},
	} {
		now = now.Add(time.Second)
		if _, err := g.Write([]byte(step.prints)); err != nil {
			t.Fatal(err)
		}
		test, since := g.Longest()
		sum := int64(0)
		if !since.IsZero() {
			sum = since.Unix()
		}
		if got := fmt.Sprint(test, " ", sum); got != step.want {
			t.Errorf("step %d: %s, want %s", i+1, got, step.want)
		}
	}
}

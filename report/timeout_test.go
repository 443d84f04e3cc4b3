package report

import (
	"slices"
	"strings"
	"testing"
)

func TestOwnGoroutineFirst(t *testing.T) {
	t.Parallel()
	alarm := "goroutine 5 [running]:\ntesting.(*M).startAlarm.func1()\n\t/go/testing.go:1 +0x3\n\n"
	main := "goroutine 1 [chan receive]:\ntesting.(*T).Run(0x1)\nmain.main()\n\n"
	own := func(frame string) string {
		return "goroutine 19 [sleep]:\ntime.Sleep(1)\n" + frame + "\n\t/p/h_test.go:3 +0x1d\ncreated by testing.(*T).Run in goroutine 1\n\n"
	}
	head := "out\npanic: test timed out after 2s\n\trunning tests:\n\t\tTestA (2s)\n\n"
	for _, test := range []struct{ name, in, want string }{
		{"the last", head + alarm + main + own("m/p.TestA(0x1?)"), head + own("m/p.TestA(0x1?)") + alarm + main},
		{"in the middle", head + alarm + own("m/p.TestA(0x1?)") + main, head + own("m/p.TestA(0x1?)") + alarm + main},
		{"a subtest", head + alarm + own("m/p.TestA.func1(0x1?)"), head + own("m/p.TestA.func1(0x1?)") + alarm},
		{"an external test package", head + alarm + own("m/p_test.TestA(0x1)"), head + own("m/p_test.TestA(0x1)") + alarm},
		{"before the result", head + alarm + own("m/p.TestA(0x1?)") + "--- FAIL: TestA (2.00s)\n", head + own("m/p.TestA(0x1?)") + alarm + "--- FAIL: TestA (2.00s)\n"},
		{"the last, and nothing behind it", head + alarm + main + strings.TrimSuffix(own("m/p.TestA()"), "\n") + "--- FAIL: TestA (2.00s)\n",
			head + own("m/p.TestA()") + alarm + strings.TrimSuffix(main, "\n") + "--- FAIL: TestA (2.00s)\n"},
		{"the first", head + own("m/p.TestA(0x1)") + main, head + own("m/p.TestA(0x1)") + main},
		{"another test", head + alarm + own("m/p.TestAB(0x1)"), head + alarm + own("m/p.TestAB(0x1)")},
		{"another package", head + alarm + own("m/q.TestA(0x1)"), head + alarm + own("m/q.TestA(0x1)")},
		{"no stack", "m/p.TestA(\n" + head, "m/p.TestA(\n" + head},
	} {
		in := slices.Collect(strings.Lines(test.in))
		before := slices.Clone(in)
		if got := strings.Join(ownGoroutineFirst(in, "m/p", "TestA"), ""); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
		if !slices.Equal(in, before) {
			t.Errorf("%s: the lines that were given have changed", test.name)
		}
	}
}

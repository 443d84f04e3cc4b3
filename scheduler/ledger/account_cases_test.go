package ledger

import "maps"

// accountCases are the tables of TestAccount, a function for each part of an account's life.
func accountCases() map[string]accountCase {
	all := make(map[string]accountCase)
	for _, part := range []map[string]accountCase{
		splitCases(), partsCases(), crashCases(), bundledCases(), wholeCases(), opaqueCases(), countCases(), idleCases(), baselineCases(), dropCases(),
	} {
		maps.Copy(all, part)
	}
	return all
}

// splitCases are packages of which each unit is a task.
func splitCases() map[string]accountCase {
	return map[string]accountCase{
		"split, all pass": {mode: Split, units: "A g:B,C", verdict: "good", steps: []accountStep{
			{"take A; B C", "running 0 0 2 0"},
			{"take", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B C", "running 0 0 0 2"},
			{"end 2 0 +B pB +C sC PASS", "running 0 0 0 1"},
			{"end 1 0 +A pA PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
			{"take", "closed 0 0 0 0"},
		}},
		"split, one process for several": {mode: Split, units: "A B", verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 0 +A pA +B pB PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"split, a failure": {mode: Split, units: "A B", verdict: "B: B in 2 owes B/x; status 1", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"end 1 0 +A pA PASS", "running 0 0 1 0"},
			{"start 2 B", "running 0 0 0 1"},
			{"end 2 1 +B +B/x fB/x +B/y pB/y fB FAIL", "running 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"split, not run": {mode: Split, units: "A B", verdict: "no such program", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"error 1 no such program", "running 0 0 1 0 failed"},
			{"start 2 B", "running 0 0 0 1 failed"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"split, what was not to run fails": {mode: Split, units: "A B", verdict: "X failed, which was not to run; status 1", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 1 +A pA +X fX +B pB FAIL", "running 0 0 0 0 settled failed"},
		}},
		"split, missed once": {mode: Split, units: "A B", verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 0 +A pA PASS", "running 1 0 0 0"},
			{"take B!", "running 0 0 1 0"},
			{"start 2 B!", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 settled"},
		}},
		"split, missed twice": {mode: Split, units: "A B", verdict: "B: B in 2", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 0 +A pA PASS", "running 1 0 0 0"},
			{"take B!", "running 0 0 1 0"},
			{"start 2 B!", "running 0 0 0 1"},
			{"end 2 0 PASS", "running 0 0 0 0 settled failed"},
		}},
	}
}

// crashCases are processes of split packages that end before their last test.
func crashCases() map[string]accountCase {
	return map[string]accountCase{
		"split, a crash": {mode: Split, units: "A B C", verdict: "A: A in 1; status 2", steps: []accountStep{
			{"take A; B; C", "running 0 0 3 0"},
			{"start 1 A + B + C", "running 0 0 0 1"},
			{"end 1 2 +A", "running 2 0 0 0 failed"},
			{"take B; C", "running 0 0 2 0 failed"},
			{"start 2 B", "running 0 0 1 1 failed"},
			{"start 3 C", "running 0 0 0 2 failed"},
			{"end 2 0 +B pB PASS", "running 0 0 0 1 failed"},
			{"end 3 0 +C pC PASS", "running 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"split, killed": {mode: Split, units: "A", verdict: "A: A in 1; status 1", steps: []accountStep{
			{"take A", "running 0 0 1 0"},
			{"start 1 A", "running 0 0 0 1"},
			{"end 1 -1 +A", "running 0 0 0 0 settled failed"},
		}},
		"split, two failures, the first status": {mode: Split, units: "A B", verdict: "A: A in 1; B: B in 2; status 3", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B", "running 0 0 0 2"},
			{"end 1 3 +A", "running 0 0 0 1 failed"},
			{"end 2 2 +B", "running 0 0 0 0 settled failed"},
		}},
		"split, a crash while one is paused": {mode: Split, units: "A B", verdict: "B: B in 1; status 2", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 2 +A =A +B", "running 1 0 0 0 failed"},
			{"take A~", "running 0 0 1 0 failed"},
			{"start 2 A~", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"split, a group crashes": {mode: Split, units: "g:A,B,C", verdict: "g: B in 1; status 2", steps: []accountStep{
			{"take A B C", "running 0 0 1 0"},
			{"start 1 A B C", "running 0 0 0 1"},
			{"end 1 2 +A pA +B", "running 0 0 0 0 settled failed"},
		}},
		"split, a file crashes": {mode: Split, units: "f.go:A,B,C", verdict: "f.go: A in 1; status 2", steps: []accountStep{
			{"take A B C", "running 0 0 1 0"},
			{"start 1 A B C", "running 0 0 0 1"},
			{"end 1 2 +A", "running 1 0 0 0 failed"},
			{"take B C", "running 0 0 1 0 failed"},
			{"start 2 B C", "running 0 0 0 1 failed"},
			{"end 2 0 +B pB +C pC PASS", "running 0 0 0 0 settled failed"},
		}},
		"split, fails outside its tests": {mode: Split, units: "A B", verdict: "the process failed outside its tests (exit status 3); process 1; status 3", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 3 +A pA", "running 1 0 0 0 failed"},
			{"take B", "running 0 0 1 0 failed"},
			{"start 2 B", "running 0 0 0 1 failed"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 settled failed"},
		}},
		"split, dies before its tests": {mode: Split, units: "A B C", verdict: "the process ended before its first test (exit status 2); process 1; status 2", steps: []accountStep{
			{"take A; B; C", "running 0 0 3 0"},
			{"start 1 A", "running 0 0 2 1"},
			{"start 2 B", "running 0 0 1 2"},
			{"end 1 2", "dropping 0 0 0 1 failed"},
			{"take", "dropping 0 0 0 1 failed"},
			{"end 2 0 +B pB PASS", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
	}
}

// bundledCases are packages whose TestMain runs in several processes.
func bundledCases() map[string]accountCase {
	testMain := Spec{TestMain: true, Workers: 2}
	process := Ending{MayIdle: true}
	return map[string]accountCase{
		"bundled, all pass": {mode: Bundled, units: "A g:B,C", spec: testMain, process: process, verdict: "good", steps: []accountStep{
			{"take A; B C", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B C", "running 0 0 0 2"},
			{"end 1 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +B pB +C pC PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"bundled, a group loses its process": {mode: Bundled, units: "g:A,B h:C,D S!", spec: testMain, process: process,
			// The group has not failed itself; it has not run to its end either.
			verdict: "g: B in 1; S: S in 1; status 2", steps: []accountStep{
				{"take A B S; C D", "running 0 0 2 0"},
				{"start 1 A B S", "running 0 0 1 1"},
				{"end 1 2 +A pA +S", "running 0 0 1 0 failed"},
				{"start 2 C D", "running 0 0 0 1 failed"},
				{"end 2 0 +C pC +D pD PASS", "running 0 0 0 0 settled failed"},
			}},
		"bundled, a crash": {mode: Bundled, units: "g:A h:B i:C D E", spec: testMain, process: process, verdict: "g: A in 1; status 2", steps: []accountStep{
			{"take A C E; B D", "running 0 0 2 0"},
			{"start 1 A C E", "running 0 0 1 1"},
			{"end 1 2 +A", "running 1 0 1 0 failed"}, // one process, since each runs the set-up again
			{"take C E", "running 0 0 2 0 failed"},
			{"start 2 C E", "running 0 0 1 1 failed"},
			{"start 3 B D", "running 0 0 0 2 failed"},
			{"end 2 0 +C pC +E pE PASS", "running 0 0 0 1 failed"},
			{"end 3 0 +B pB +D pD PASS", "running 0 0 0 0 settled failed"},
		}},
		"bundled, TestMain gives up": {mode: Bundled, units: "A g:B", spec: testMain, process: process,
			verdict: "the process ended before its first test (exit status 1); process 1; status 1", steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"start 2 B", "running 0 0 0 2"},
				{"end 1 1", "dropping 0 0 0 1 failed"},
				{"end 2 0 +B pB PASS", "dropping 0 0 0 0 settled failed"},
				{"close", "closed 0 0 0 0 failed"},
			}},
		"bundled, TestMain runs nothing": {mode: Bundled, units: "A g:B", spec: testMain, process: process, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"end 1 0", "running 0 0 1 0"},
			{"start 2 B", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"}, // as under go test: TestMain may choose
		}},
		"bundled, dropped": {mode: Bundled, units: "A g:B", spec: testMain, process: process, verdict: "good", steps: []accountStep{
			{"drop", "dropping 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
	}
}

// wholeCases are packages that are one process at a time.
func wholeCases() map[string]accountCase {
	return map[string]accountCase{
		"whole, all pass": {mode: Whole, units: "A B", verdict: "solo", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"end 1 0 +A pA +B pB PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"whole, nothing to run": {mode: Whole, units: "", verdict: "solo", steps: []accountStep{
			{"take all", "running 0 0 1 0"},
			{"start 1 all", "running 0 0 0 1"},
			{"end 1 0 PASS", "running 0 0 0 0 settled"},
		}},
		"whole, failfast": {mode: Whole, units: "A B C", process: Ending{StopsEarly: true}, verdict: "A: A in 1; status 1; solo", steps: []accountStep{
			{"take all A B C", "running 0 0 1 0"},
			{"start 1 all A B C", "running 0 0 0 1"},
			{"end 1 1 +A fA FAIL", "running 0 0 0 0 settled failed"}, // go test says nothing of the rest
		}},
		"whole, a crash": {mode: Whole, units: "A B C", verdict: "A: A in 1; B: B in 2; status 2", steps: []accountStep{
			{"take all A B C", "running 0 0 1 0"},
			{"start 1 all A B C", "running 0 0 0 1"},
			{"end 1 2 +A", "running 1 0 0 0 failed"},
			{"take B C", "running 0 0 1 0 failed"}, // together, in order
			{"start 2 B C", "running 0 0 0 1 failed"},
			{"end 2 2 +B", "running 1 0 0 0 failed"},
			{"take C", "running 0 0 1 0 failed"},
			{"start 3 C", "running 0 0 0 1 failed"},
			{"end 3 0 +C pC PASS", "running 0 0 0 0 settled failed"},
		}},
		"whole, a rest that is too long for one list": {mode: Whole, units: "TestLong1 TestLong2 TestLong3", spec: Spec{ListSize: 25}, verdict: "TestLong1: TestLong1 in 1; status 2",
			steps: []accountStep{
				{"take all TestLong1 TestLong2 TestLong3", "running 0 0 1 0"},
				{"start 1 all TestLong1 TestLong2 TestLong3", "running 0 0 0 1"},
				{"end 1 2 +TestLong1", "running 1 0 0 0 failed"},
				{"take TestLong2 TestLong3", "running 0 0 1 0 failed"},
				{"start 2 TestLong2 TestLong3", "running 0 0 0 1 failed"},
				{"end 2 0 +TestLong2 pTestLong2 +TestLong3 pTestLong3 PASS", "running 0 0 0 0 settled failed"},
			}},
		"whole, one list after the other": {mode: Whole, units: "TestLong1 TestLong2 TestLong3", spec: Spec{ListSize: 15}, verdict: "TestLong1: TestLong1 in 1; status 2",
			steps: []accountStep{
				{"take all TestLong1 TestLong2 TestLong3", "running 0 0 1 0"},
				{"start 1 all TestLong1 TestLong2 TestLong3", "running 0 0 0 1"},
				{"end 1 2 +TestLong1", "running 1 1 0 0 failed"},
				{"take TestLong2", "running 0 1 1 0 failed"},
				{"start 2 TestLong2", "running 0 1 0 1 failed"},
				{"end 2 0 +TestLong2 pTestLong2 PASS", "running 1 0 0 0 failed"},
				{"take TestLong3", "running 0 0 1 0 failed"},
				{"start 3 TestLong3", "running 0 0 0 1 failed"},
				{"end 3 0 +TestLong3 pTestLong3 PASS", "running 0 0 0 0 settled failed"},
			}},
		"whole, a group loses its process": {mode: Whole, units: "A g:B,C D", verdict: "g: C in 1; D: D in 1; status 2", steps: []accountStep{
			{"take all A B C D", "running 0 0 1 0"},
			{"start 1 all A B C D", "running 0 0 0 1"},
			{"end 1 2 +B pB +D", "running 1 0 0 0 failed"},
			{"take A", "running 0 0 1 0 failed"},
			{"start 2 A", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"whole, a group overlooks a member": {mode: Whole, units: "A g:B,C", verdict: "g: C in 1; solo", steps: []accountStep{
			{"take all A B C", "running 0 0 1 0"},
			{"start 1 all A B C", "running 0 0 0 1"},
			{"end 1 0 +A pA +B pB PASS", "running 0 0 0 0 settled failed"},
		}},
		"whole, dies before its tests": {mode: Whole, units: "A B", verdict: "the process ended before its first test (exit status 2); process 1; status 2; solo", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"end 1 2", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
	}
}

// opaqueCases are packages of which it is not known what they run.
func opaqueCases() map[string]accountCase {
	return map[string]accountCase{
		"opaque, passes": {mode: Opaque, verdict: "solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"end 1 0 +A pA PASS", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"opaque, a test fails": {mode: Opaque, units: "A", verdict: "A: A in 1; status 1; solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"end 1 1 +A fA FAIL", "running 0 0 0 0 settled failed"},
		}},
		"opaque, a test of no list fails": {mode: Opaque, verdict: "A failed, which was not to run; status 1; solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"end 1 1 +A fA FAIL", "running 0 0 0 0 settled failed"},
		}},
		"opaque, exits": {mode: Opaque, verdict: "the process failed outside its tests (exit status 3); process 1; status 3; solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"end 1 3 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"opaque, not run": {mode: Opaque, verdict: "no such program; solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"error 1 no such program", "running 0 0 0 0 settled failed"},
		}},
		"opaque, dropped": {mode: Opaque, verdict: "solo", steps: []accountStep{
			{"take all ?", "running 0 0 1 0"},
			{"start 1 all ?", "running 0 0 0 1"},
			{"drop", "dropping 0 0 0 1"},
			{"end 1 0 +A pA PASS", "dropping 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
	}
}

// countCases are tests that run several times, of which a crash leaves different numbers.
func countCases() map[string]accountCase {
	return map[string]accountCase{
		"counts, split": {mode: Split, units: "A B ExampleX", spec: Spec{Count: 3}, verdict: "A: A in 1; status 2", steps: []accountStep{
			{"take A*3; B*3; ExampleX", "running 0 0 3 0"},
			{"start 1 A*3 + B*3 + ExampleX", "running 0 0 0 1"},
			{"end 1 2 +A pA +B pB +A", "running 2 0 0 0 failed"},
			{"take B*2 x2; ExampleX", "running 0 0 2 0 failed"},
			{"start 2 B*2 x2", "running 0 0 1 1 failed"},
			{"start 3 ExampleX", "running 0 0 0 2 failed"},
			{"end 2 0 +B pB +B pB PASS", "running 0 0 0 1 failed"},
			{"end 3 0 +ExampleX pExampleX PASS", "running 0 0 0 0 settled failed"},
		}},
		"counts, a file": {mode: Split, units: "f.go:A,B,C,D", spec: Spec{Count: 3}, verdict: "f.go: A in 1; status 2", steps: []accountStep{
			{"take A*3 B*3 C*3 D*3", "running 0 0 1 0"},
			{"start 1 A*3 B*3 C*3 D*3", "running 0 0 0 1"},
			{"end 1 2 +A pA +B pB +C pC +D pD +A pA +B pB +A", "running 2 0 0 0 failed"},
			{"take B x1; C*2 D*2 x2", "running 0 0 2 0 failed"},
			{"start 2 B x1", "running 0 0 1 1 failed"},
			{"end 2 0 +B pB PASS", "running 0 0 1 0 failed"},
			{"start 3 C*2 D*2 x2", "running 0 0 0 1 failed"},
			{"end 3 0 +C pC +D pD +C pC +D pD PASS", "running 0 0 0 0 settled failed"},
		}},
		"counts, whole": {mode: Whole, units: "A B C D", spec: Spec{Count: 3}, verdict: "A: A in 1; status 2", steps: []accountStep{
			{"take all A*3 B*3 C*3 D*3", "running 0 0 1 0"},
			{"start 1 all A*3 B*3 C*3 D*3", "running 0 0 0 1"},
			{"end 1 2 +A pA +B pB +C pC +D pD +A pA +B pB +C pC +A", "running 1 1 0 0 failed"},
			{"take B C x1", "running 0 1 1 0 failed"},
			{"start 2 B C x1", "running 0 1 0 1 failed"},
			{"end 2 0 +B pB +C pC PASS", "running 1 0 0 0 failed"},
			{"take D*2 x2", "running 0 0 1 0 failed"},
			{"start 3 D*2 x2", "running 0 0 0 1 failed"},
			{"end 3 0 +D pD +D pD PASS", "running 0 0 0 0 settled failed"},
		}},
		"counts, -cpu and two of one name": {mode: Split, units: "A*2 B", spec: Spec{Count: 2, CPUs: 2}, verdict: "B: B in 1; status 2", steps: []accountStep{
			{"take A*8; B*4", "running 0 0 2 0"},
			{"start 1 A*8 + B*4", "running 0 0 0 1"},
			{"end 1 2 +A pA +A pA +A pA +A pA +A pA +B", "running 1 0 0 0 failed"},
			{"take A*3 x2", "running 0 0 1 0 failed"}, // a count of 2 makes 4, as near as it comes
			{"start 2 A*3 x2", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA +A pA +A pA +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"-cpu": {mode: Split, units: "A B", spec: Spec{CPUs: 2}, verdict: "B: B in 1; status 2", steps: []accountStep{
			{"take A*2; B*2", "running 0 0 2 0"},
			{"start 1 A*2 + B*2", "running 0 0 0 1"},
			{"end 1 2 +A pA +B", "running 1 0 0 0 failed"},
			{"take A x1", "running 0 0 1 0 failed"}, // with the last of the list
			{"start 2 A x1", "running 0 0 0 1 failed"},
			{"end 2 0 +A pA PASS", "running 0 0 0 0 settled failed"},
		}},
		"counts, nothing has run": {mode: Split, units: "A B", spec: Spec{Count: 3}, verdict: "A: A in 1; status 2", steps: []accountStep{
			{"take A*3; B*3", "running 0 0 2 0"},
			{"start 1 A*3 + B*3", "running 0 0 0 1"},
			{"end 1 2 +A", "running 1 0 0 0 failed"},
			{"take B*3", "running 0 0 1 0 failed"}, // the user's count
		}},
	}
}

package ledger

// idleCases are processes that exit 0 without running their tests.
func idleCases() map[string]accountCase {
	mayIdle := Ending{MayIdle: true}
	return map[string]accountCase{
		"idle, TestMain": {mode: Whole, units: "A B", spec: Spec{TestMain: true}, process: mayIdle, verdict: "solo", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"end 1 0", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"idle, -exec runs none": {mode: Split, units: "A B", process: mayIdle, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B", "running 0 0 0 2"},
			{"end 1 0", "running 0 0 0 1"},
			{"end 2 0", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"idle, -exec runs some": {mode: Split, units: "A B", process: mayIdle,
			verdict: "B was to run and did not: the program of -exec exited 0 without it", steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"start 2 B", "running 0 0 0 2"},
				{"end 2 0", "running 0 0 0 1"},
				{"end 1 0 +A pA PASS", "running 0 0 0 0 settled"},
				{"close", "closed 0 0 0 0 failed"},
			}},
		"idle, -exec and a failure": {mode: Split, units: "A B", process: mayIdle,
			verdict: "A: A in 1; B was to run and did not: the program of -exec exited 0 without it; status 1", steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"end 1 1 +A fA FAIL", "running 0 0 1 0 failed"},
				{"start 2 B", "running 0 0 0 1 failed"},
				{"end 2 0", "running 0 0 0 0 settled failed"},
				{"close", "closed 0 0 0 0 failed"},
			}},
	}
}

// baselineCases are packages whose processes count coverage from zero.
func baselineCases() map[string]accountCase {
	cover := Spec{Baseline: true}
	return map[string]accountCase{
		"baseline, two processes": {mode: Split, units: "A B", spec: cover, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"end 1 0 +A pA PASS", "running 0 0 1 0"}, // not while something waits
			{"start 2 B", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
			{"baseline", "running 0 0 0 1"},
			{"baseline passes", "running 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"baseline, fails": {mode: Split, units: "A B", spec: cover,
			verdict: "a process that was to run no test, to see what each counts before its first one, failed", steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"start 2 B", "running 0 0 0 2"},
				{"end 1 0 +A pA PASS", "running 0 0 0 1"},
				{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
				{"baseline", "running 0 0 0 1"},
				{"baseline fails", "running 0 0 0 0 settled failed"}, // and is not tried again
			}},
		"baseline, one process": {mode: Split, units: "A B", spec: cover, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A + B", "running 0 0 0 1"},
			{"end 1 0 +A pA +B pB PASS", "running 0 0 0 0 settled"}, // nothing is counted twice
		}},
		"baseline, whole": {mode: Whole, units: "A B", spec: cover, verdict: "solo", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"end 1 0 +A pA +B pB PASS", "running 0 0 0 0 settled"},
		}},
		"baseline, whole after one crash": {mode: Whole, units: "A B", spec: cover, verdict: "A: A in 1; status 2", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"end 1 2 +A", "running 1 0 0 0 failed"},
			{"take B", "running 0 0 1 0 failed"},
			{"start 2 B", "running 0 0 0 1 failed"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 settled failed"}, // one has run a part
		}},
		"baseline, whole after crashes": {mode: Whole, units: "A B C", spec: cover, verdict: "A: A in 1; B: B in 2; status 2", steps: []accountStep{
			{"take all A B C", "running 0 0 1 0"},
			{"start 1 all A B C", "running 0 0 0 1"},
			{"end 1 2 +A", "running 1 0 0 0 failed"},
			{"take B C", "running 0 0 1 0 failed"},
			{"start 2 B C", "running 0 0 0 1 failed"},
			{"end 2 2 +B", "running 1 0 0 0 failed"},
			{"take C", "running 0 0 1 0 failed"},
			{"start 3 C", "running 0 0 0 1 failed"},
			{"end 3 0 +C pC PASS", "running 0 0 0 0 baseline failed"}, // two have run a part
			{"baseline", "running 0 0 0 1 failed"},
			{"baseline passes", "running 0 0 0 0 settled failed"},
		}},
		"baseline, bundled": {mode: Bundled, units: "A g:B", spec: Spec{Baseline: true, TestMain: true, Workers: 2}, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B", "running 0 0 0 2"},
			{"end 1 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
			{"baseline", "running 0 0 0 1"},
			{"baseline passes", "running 0 0 0 0 settled"},
		}},
		"baseline, dropped while it is owed": {mode: Split, units: "A B", spec: cover, verdict: "gone", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B", "running 0 0 0 2"},
			{"end 1 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
			{"fail gone", "running 0 0 0 0 baseline failed"},
			{"drop", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"baseline, dropped while it runs": {mode: Split, units: "A B", spec: cover, verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"start 1 A", "running 0 0 1 1"},
			{"start 2 B", "running 0 0 0 2"},
			{"end 1 0 +A pA PASS", "running 0 0 0 1"},
			{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
			{"baseline", "running 0 0 0 1"},
			{"drop", "dropping 0 0 0 1"}, // not settled: its process still writes
			{"baseline passes", "dropping 0 0 0 0 settled"},
			{"close", "closed 0 0 0 0"},
		}},
		"baseline, fails after a drop": {mode: Split, units: "A B", spec: cover,
			verdict: "a process that was to run no test, to see what each counts before its first one, failed", steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"end 1 0 +A pA PASS", "running 0 0 1 0"},
				{"start 2 B", "running 0 0 0 1"},
				{"end 2 0 +B pB PASS", "running 0 0 0 0 baseline"},
				{"baseline", "running 0 0 0 1"},
				{"drop", "dropping 0 0 0 1"},
				{"baseline fails", "dropping 0 0 0 0 settled failed"},
			}},
	}
}

// dropCases are packages that are given up.
func dropCases() map[string]accountCase {
	return map[string]accountCase{
		"drop what is ready": {mode: Split, units: "A B", verdict: "called off; late", steps: []accountStep{
			{"drop", "dropping 0 0 0 0 settled"},
			{"drop", "dropping 0 0 0 0 settled"},
			{"fail called off", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
			{"drop", "closed 0 0 0 0 failed"},
			{"fail late", "closed 0 0 0 0 failed"}, // a closing that could not write
		}},
		"drop what the planner has": {mode: Split, units: "A B", verdict: "good", steps: []accountStep{
			{"take A; B", "running 0 0 2 0"},
			{"drop", "dropping 0 0 0 0 settled"},
		}},
		"drop while processes run": {mode: Split, units: "A B C D", verdict: "A: A in 1; no such program; status 2", steps: []accountStep{
			{"take A; B; C; D", "running 0 0 4 0"},
			{"start 1 A + C", "running 0 0 2 1"},
			{"start 2 B", "running 0 0 1 2"},
			{"drop", "dropping 0 0 0 2"},
			{"end 1 2 +A", "dropping 0 0 0 1 failed"}, // C does not run again
			{"take", "dropping 0 0 0 1 failed"},
			{"error 2 no such program", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"drop, and a process that runs nothing": {mode: Split, units: "A B", verdict: "the process ended before its first test (exit status 2); process 1; status 2",
			steps: []accountStep{
				{"take A; B", "running 0 0 2 0"},
				{"start 1 A", "running 0 0 1 1"},
				{"drop", "dropping 0 0 0 1"},
				{"end 1 2", "dropping 0 0 0 0 settled failed"},
			}},
		"drop the rest of a whole package": {mode: Whole, units: "A B C", spec: Spec{Count: 2}, verdict: "A: A in 1; B: B in 2; status 2", steps: []accountStep{
			{"take all A*2 B*2 C*2", "running 0 0 1 0"},
			{"start 1 all A*2 B*2 C*2", "running 0 0 0 1"},
			{"end 1 2 +A pA +B pB +A", "running 1 1 0 0 failed"},
			{"take B x1", "running 0 1 1 0 failed"},
			{"start 2 B x1", "running 0 1 0 1 failed"},
			{"drop", "dropping 0 0 0 1 failed"},
			{"take", "dropping 0 0 0 1 failed"},
			{"end 2 2 +B", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
		"drop a whole package while it runs": {mode: Whole, units: "A B", verdict: "gone; the process failed outside its tests (exit status 3); process 1; status 3; solo", steps: []accountStep{
			{"take all A B", "running 0 0 1 0"},
			{"start 1 all A B", "running 0 0 0 1"},
			{"fail gone", "running 0 0 0 1 failed"},
			{"drop", "dropping 0 0 0 1 failed"},
			{"end 1 3 +A pA", "dropping 0 0 0 0 settled failed"},
			{"close", "closed 0 0 0 0 failed"},
		}},
	}
}

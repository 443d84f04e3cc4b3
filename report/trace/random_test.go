package trace

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// randomRun is a run as there may be one: workers run one process after the other, some tests of a
// process run in parallel, some processes and tests have no end, and what failed runs again.
func randomRun(random *rand.Rand) *record.Run {
	const end = 20.0
	run := &record.Run{Manifest: record.Manifest{Module: "m", Start: at(0), End: at(end)}}
	part := func(of float64) float64 { return of * float64(random.IntN(1000)) / 1000 }
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	free := make([]float64, 1+random.IntN(4))
	for worker := range free {
		if random.IntN(2) == 0 {
			run.Manifest.Verdict.Setups = append(run.Manifest.Verdict.Setups, record.Setup{
				Name: "db", Worker: worker - 1, Start: at(part(1)), Elapsed: seconds(part(1)), TearDown: random.IntN(3) == 0,
			})
		}
	}
	attempts := map[string]int{}
	for n := range random.IntN(40) {
		worker := random.IntN(len(free))
		from := free[worker] + part(0.5)
		took := 0.001 + part(3)
		if from+took > end {
			continue
		}
		free[worker] = from + took
		unit := fmt.Sprint("Test", random.IntN(6))
		p := record.Process{Number: n, Worker: worker, Package: "m/p", Kind: "first", Start: at(from), End: at(from + took), Exit: random.IntN(2)}
		if attempts[unit] > 0 {
			p.Kind, p.Attempt = "attempt", attempts[unit]
		}
		attempts[unit]++
		for i := range 1 + random.IntN(5) {
			name := unit
			if i > 0 {
				name = fmt.Sprint(unit, "Beside", i)
			}
			start := part(took)
			t := record.ProcessTest{Name: name, Start: at(from + start), Elapsed: seconds(part(took - start)), Result: []string{"pass", "fail", "skip", ""}[random.IntN(4)]}
			if random.IntN(8) == 0 {
				t = record.ProcessTest{Name: name} // it did not begin
			}
			p.Tests = append(p.Tests, t)
		}
		if from+took > end-1 && random.IntN(2) == 0 {
			p.End = time.Time{} // it did not end
			free[worker] = end
		}
		run.Processes = append(run.Processes, p)
	}
	return run
}

// TestRandomRuns: the trace of any run is one by the documented format.
func TestRandomRuns(t *testing.T) {
	t.Parallel()
	flows := 0
	for seed := range uint64(300) {
		doc := write(t, randomRun(rand.New(rand.NewPCG(seed, 11))))
		if check(t, doc); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		for _, e := range doc.TraceEvents {
			if e.Phase == phaseFlowBegin {
				flows++
			}
		}
	}
	if flows == 0 {
		t.Error("nothing was rerun")
	}
}

package scheduler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/scheduler/internal/script"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// seenProcess is what a process of a test printed, and how it exited.
type seenProcess struct {
	job   *job
	words []string
	code  int
}

// wrong returns the tests that failed in the process, or that did not come to an end, by its words
// alone.
func (p seenProcess) wrong() map[string]bool {
	open := make(map[string]int)
	wrong := make(map[string]bool)
	for _, word := range p.words {
		name := word[1:]
		if strings.Contains(name, "/") {
			continue // a test fails with its subtests
		}
		switch word[0] {
		case '+', '>':
			open[name]++
		case 'f':
			wrong[name] = true
			open[name]--
		case 'p', 's', '=':
			open[name]--
		}
	}
	for name, n := range open {
		wrong[name] = wrong[name] || n > 0
	}
	return wrong
}

// others reports whether a test that is not in quarantine had begun in the process.
func (p seenProcess) others(quarantined func(string) bool) bool {
	return slices.ContainsFunc(p.words, func(word string) bool { return word[0] == '+' && !quarantined(strings.SplitN(word[1:], "/", 2)[0]) })
}

// randomProcess draws what a process prints: tests in quarantine fail often, others seldom.
func randomProcess(random *rand.Rand, j *job, quarantined func(string) bool) (script.Process, int) {
	switch random.IntN(5) {
	case 0:
		var list []script.Test
		for _, p := range j.Tests {
			list = append(list, script.Test{Name: p.Name, Want: p.Want})
		}
		words, way := script.Random(random, list)
		return words, max(way.Code, 0)
	case 1:
		return script.Process(passing(j)), 0
	}
	var words []string
	code, end := 0, "PASS"
	for _, p := range j.Tests {
		result := "p"
		if chance := random.IntN(20); quarantined(p.Name) && chance < 12 || chance == 0 {
			result, code, end = "f", 1, "FAIL"
		}
		words = append(words, "+"+p.Name, result+p.Name)
		if result == "f" && j.StopsEarly {
			break
		}
	}
	if random.IntN(12) == 0 {
		code = 3
	}
	return script.Process(strings.Join(append(words, end), " ")), code
}

// TestQuarantineExcusesNothingElse runs packages whose processes end in every way, some tests of which
// are in quarantine. Where all failures are excused, what the processes printed shows that no other
// test failed, was lost or may have died, in the first attempt or a rerun.
func TestQuarantineExcusesNothingElse(t *testing.T) {
	t.Parallel()
	excused, refused := 0, 0
	for seed := range uint64(450) { // that of a process with other tests in it is the 426th
		random := rand.New(rand.NewPCG(seed, 8))
		share := 1 + random.IntN(4)
		quarantined := func(test string) bool { return mix(seed, test)%5 < uint64(share) }
		b := newBench(t, &Config{
			Workers: 1 + random.IntN(3), Shuffle: true, Seed: int64(seed), GroupFailFast: seed%2 == 0,
			AgainConfig: AgainConfig{Reruns: random.IntN(3), Quarantined: func(_, test string) bool { return quarantined(test) }},
		})
		p := b.arrives(manyTests(random.IntN(8)), seed%5 == 0)
		var all []seenProcess
		step := func() bool {
			b.fill()
			if len(b.running) == 0 {
				return false
			}
			j := b.running[random.IntN(len(b.running))]
			words, code := randomProcess(random, j, quarantined)
			all = append(all, seenProcess{j, strings.Fields(string(words)), code})
			b.finishAttempt(j, words, code)
			return true
		}
		for step() {
		}
		b.exit()
		if b.cfg.Reruns > 0 && !p.account.Passed() {
			b.rerun()
			for step() {
			}
		}
		v := b.verdict()
		good := len(v.Units) > 0
		for _, u := range v.Units {
			good = good && (u.Passed || u.Excused)
			if u.Excused && (u.Passed || len(u.Known) == 0 || u.Unexcused != "") {
				t.Errorf("seed %d: %+v", seed, u)
			}
		}
		if !good {
			refused++
			continue
		}
		if slices.ContainsFunc(v.Units, func(u UnitVerdict) bool { return u.Excused }) {
			excused++
		}
		if problem := unexplained(v, all, quarantined); problem != "" {
			t.Fatalf("seed %d: %s\n%+v\n%v", seed, problem, v.Units, all)
		}
	}
	if excused < 20 || refused < 20 {
		t.Errorf("%d packages were excused, %d refused", excused, refused)
	}
}

// finishAttempt ends a process, which may be a rerun.
func (b *bench) finishAttempt(j *job, words script.Process, code int) {
	if j.Kind != ledger.Attempt {
		b.finish(j, words, code)
		return
	}
	b.attempting(j, words, code)
}

// unexplained returns what is wrong with processes of which all failures passed in the end or are
// excused, "" for nothing.
func unexplained(v Verdict, all []seenProcess, quarantined func(string) bool) string {
	passed, notRun := make(map[string]bool), make(map[string]bool)
	for _, u := range v.Units {
		for _, name := range u.Tests {
			passed[name] = u.Passed
			notRun[name] = u.Excused
		}
		switch {
		case u.Name != "":
		case u.Passed:
			return "" // the package was rerun whole
		default:
			return "the package failed"
		}
	}
	ended := make(map[string]bool)
	for _, p := range all {
		for name, is := range p.wrong() {
			if is && !quarantined(name) && !passed[name] && name != "X" {
				return fmt.Sprintf("%s is wrong in process %d", name, p.job.Number)
			}
		}
		// Healed by a rerun: its own next one, or that of a test that may have ended the process.
		healed := p.job.Kind == ledger.Attempt && allOf(p.job.Names(), func(name string) bool { return passed[name] })
		for name, is := range p.wrong() {
			healed = healed || is && passed[name]
		}
		if p.code > 1 && !healed && p.others(quarantined) {
			return fmt.Sprintf("process %d exited %d, and other tests had run in it", p.job.Number, p.code)
		}
		for _, word := range p.words {
			if strings.Contains("pfs", word[:1]) {
				ended[word[1:]] = true
			}
		}
	}
	for _, p := range all {
		for _, name := range p.job.Names() {
			if !ended[name] && !notRun[name] && !passed[name] && !(p.code == 0 && p.job.Binary.MayIdle) {
				return name + " never ended"
			}
		}
	}
	return ""
}

// attempting ends the process of a rerun.
func (b *bench) attempting(j *job, words script.Process, code int) {
	b.t.Helper()
	b.running = slices.DeleteFunc(b.running, func(other *job) bool { return other == j })
	b.script.words, b.script.code = words, code
	w := &worker.Run{Runner: b.script, Now: time.Now}
	a := j.attempt
	r := runAttempt(b.t.Context(), w, j, a, b.t.TempDir()+"/attempt")
	b.ended(j, r, a, time.Now())
}

// TestRaceIsNotExcused: a data race counts against the test that runs when it is found, and others may
// have made it.
func TestRaceIsNotExcused(t *testing.T) {
	t.Parallel()
	for _, testMain := range []bool{false, true} {
		quarantined := func(_, test string) bool { return test == "TestC" }
		b := newBench(t, &Config{Workers: 1, AgainConfig: AgainConfig{Quarantined: quarantined}})
		b.arrives(shownSource, testMain)
		for started := b.fill(); len(started) > 0; started = b.fill() {
			words, code := passing(started[0]), 0
			if slices.Contains(started[0].Names(), "TestC") {
				words, code = script.Process(strings.NewReplacer("pTestC", "fTestC", "PASS", "FAIL").Replace(string(words))), 1
				b.script.prelude = "WARNING: DATA RACE\n"
			}
			b.finish(started[0], words, code)
			b.script.prelude = ""
		}
		b.exit()
		if got := b.verdict().Units[0]; got.Excused == testMain || got.Unexcused == "" == testMain {
			t.Errorf("in one process: %v: %+v", testMain, got)
		}
	}
}

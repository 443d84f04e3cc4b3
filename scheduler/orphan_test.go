package scheduler

import "testing"

// TestGroupThatLostItsProcess: the rest of a group is skipped since another
// test has ended the process that they shared. No member failed, but a rerun
// that leaves the group out would turn green what was never run.
func TestGroupThatLostItsProcess(t *testing.T) {
	t.Parallel()
	b := newBench(t, &Config{Workers: 2, GroupFailFast: true, AgainConfig: AgainConfig{Reruns: 1}})
	p := b.arrives("//cohort:group g\nfunc TestA(t *testing.T) {}\n\nfunc TestB(t *testing.T) {}\n\n//cohort:group g\nfunc TestC(t *testing.T) {}\n\n"+
		"//cohort:group h\nfunc TestD(t *testing.T) {}\n\n//cohort:group h\nfunc TestE(t *testing.T) {}\n", true)
	first := b.fill()
	b.finish(first[0], "+TestA pTestA +TestB", 2)
	for _, batch := range b.fill() { // what is left: h
		b.finish(batch, passing(batch), 0)
	}
	if code := b.exit(); code != 2 {
		t.Errorf("exit status %d, want 2", code)
	}
	var again []string
	for _, u := range p.account.Units() {
		if len(u.Failed) > 0 {
			again = append(again, u.Def.Name())
		}
	}
	if got, want := len(again), 2; got != want || again[0] != "g" || again[1] != "TestB" {
		t.Errorf("%q run again, want g and TestB", again)
	}
}

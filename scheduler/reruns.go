package scheduler

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/ledger"
	"github.com/gotestcohort/cohort/scheduler/plan"
	"github.com/gotestcohort/cohort/scheduler/rerun"
	"github.com/gotestcohort/cohort/scheduler/worker"
)

// reruns are the failed units and packages of a run, and what came of running them again. When
// they run is for the rerun.Queue, what for this type.
type reruns struct {
	cfg   *Config
	queue *rerun.Queue
	items []rerunItem
}

// rerunItem is a unit that failed, or a package that failed outside its tests.
type rerunItem struct {
	suite  *suite
	unit   *ledger.Unit // nil for the package
	first  *job         // the process of the first attempt that failed, nil if there was none
	owed   map[string]bool
	claim  plan.Claim
	policy rerun.Policy
	terms  rerun.Terms
	barred string // why it does not run again because of its output, "" if it may
	// shown is how the unit fared in its last rerun: one that fails although all its tests pass, or
	// without having run them, says nothing of the unit alone.
	shown rerun.Answer
	// refused is why the last attempt was not run, "" if it was.
	refused string
	// inexcusable reports that an attempt failed for another reason than tests in quarantine.
	inexcusable bool
}

// newReruns enters what failed in suites. The jobs of failed processes are in first, by number.
func newReruns(c *Config, suites []*suite, first map[int]*job) *reruns {
	r := &reruns{cfg: c}
	var items []rerun.Item
	add := func(i rerunItem, ended time.Time) {
		i.claim = plan.Claim{Key: len(r.items), Need: needOf(i.suite.account, []*ledger.Task{i.task()})}
		i.policy, i.terms = c.rerunOf(i.suite, i.unit)
		i.barred = i.terms.Bar(i.matches(i.suite.said))
		r.items = append(r.items, i)
		items = append(items, rerun.Item{
			Package: i.suite.number, Serial: i.claim.Need.Serial, Ended: ended, Policy: i.policy, Barred: i.barred != "",
		})
	}
	for _, s := range suites {
		a := s.account
		if len(a.Failures()) > 0 {
			add(rerunItem{suite: s, first: first[a.FailedIn()], owed: owedBy(a.Units())}, a.Ended())
			continue
		}
		for _, u := range a.Units() {
			if len(u.Failed) > 0 {
				add(rerunItem{suite: s, unit: u, first: first[u.Process], owed: u.Owed}, u.Ended)
			}
		}
	}
	r.queue = rerun.New(rerun.Limits{Budget: c.RerunBudget, Jitter: c.jitter}, items)
	return r
}

// rerunOf returns how often and when what failed runs again, and on which terms: a unit, or with
// nil the package.
func (c *Config) rerunOf(s *suite, u *ledger.Unit) (rerun.Policy, rerun.Terms) {
	subject := grouping.Subject{Package: s.path}
	switch {
	case u != nil:
		subject = grouping.SubjectOfUnit(s.list, u.Def)
	case s.list != nil:
		subject = grouping.SubjectOfPackage(s.list)
	}
	p := rerun.Policy{Max: c.Reruns, Delay: c.RerunDelay, Backoff: c.RerunBackoff}
	t := c.RerunTerms
	for _, setting := range c.Rules.Settings(subject) {
		switch value := setting.Value; setting.Key {
		case KeyRerunFails:
			p.Max = value.(int)
		case KeyRerunDelay:
			p.Delay = value.(time.Duration)
		case KeyRerunBackoff:
			p.Backoff = value.(float64)
		case KeyRerunOnly:
			t.Only = value.([]*regexp.Regexp)
		case KeyRerunExcept:
			t.Except = value.([]*regexp.Regexp)
		}
	}
	return p, t
}

// jitter is a number from 0 to 1 that the run's seed makes for each rerun.
func (c *Config) jitter(item, attempt int) float64 {
	return float64(mix(uint64(c.Seed), fmt.Sprint("rerun ", item, attempt))>>11) / (1 << 53)
}

// most returns how many reruns there can be.
func (r *reruns) most() int {
	n := 0
	for _, i := range r.items {
		n += i.policy.Max
	}
	return n
}

// owedBy returns the subtests of units that failed.
func owedBy(units []*ledger.Unit) map[string]bool {
	all := make(map[string]bool)
	for _, u := range units {
		maps.Copy(all, u.Owed)
	}
	return all
}

// next returns the job that a worker starts now, nil for none.
func (r *reruns) next(now time.Time, locks *plan.Locks) *job {
	for n := range r.items {
		if r.queue.Phase(n) == rerun.Over {
			locks.Forget(r.items[n].claim.Key)
		}
	}
	start, ok := r.queue.Next(now, func(n int) bool { return locks.Ask(r.items[n].claim) })
	if !ok {
		return nil
	}
	i := &r.items[start.Item]
	j := newJob(r.cfg, i.suite, []*ledger.Task{i.task()})
	j.claim = i.claim
	j.Kind, j.item, j.Attempt, j.Owed = ledger.Attempt, start.Item, start.Attempt, i.owed
	j.Binary.Program = i.suite.file.rerun
	j.attempt = i.attempt(start.Attempt)
	return j
}

// task is what runs in each attempt: the unit, or the package as it is.
func (i *rerunItem) task() *ledger.Task {
	if i.unit != nil {
		return i.suite.account.TaskOf(i.unit)
	}
	return i.suite.account.Everything()
}

// matches returns which expressions match the output of what failed: that of the unit's tests, or
// for a package that failed outside its tests all that its processes have printed.
func (i *rerunItem) matches(said *rerun.Output) func(*regexp.Regexp) bool {
	if i.unit == nil {
		return said.MatchesAny
	}
	return func(re *regexp.Regexp) bool { return said.Matches(i.unit.Def.Names(), re) }
}

// attempt describes a rerun for the one who reads it.
func (i *rerunItem) attempt(number int) *Attempt {
	a := &Attempt{Number: number, Package: i.suite.path}
	units := i.suite.account.Units()
	if i.unit != nil {
		a.Unit, units = i.unit.Def.Name(), []*ledger.Unit{i.unit}
	}
	for _, u := range units {
		a.Tests = append(a.Tests, u.Def.Names()...)
	}
	return a
}

// ended takes what came of a rerun.
func (r *reruns) ended(j *job, result *worker.Result, a *Attempt) {
	i := &r.items[j.item]
	i.inexcusable = i.inexcusable || !a.Passed && (a.err != nil || !excusable(result, r.cfg.quarantined(i.suite.path)))
	if j.broken != nil {
		i.refused = j.broken.Error()
	}
	i.owed = result.Transcript.Next()
	if i.unit != nil {
		i.shown = fared(i.unit, result)
	}
	outcome := rerun.Bad
	switch {
	case a.err != nil || i.refused != "":
		outcome = rerun.Lost
	case a.Passed:
		outcome = rerun.Good
	default:
		if i.barred = i.terms.Bar(i.matches(j.said)); i.barred != "" {
			outcome = rerun.BadForGood
		}
	}
	r.queue.Ended(j.item, outcome, result.Exit.End)
}

// of returns the number of the item that a unit was rerun with; unit is nil for the package. A
// unit of a package that was rerun whole has been rerun with it.
func (r *reruns) of(s *suite, unit *ledger.Unit) (n int, ok bool) {
	n = slices.IndexFunc(r.items, func(i rerunItem) bool { return i.suite == s && (i.unit == unit || i.unit == nil) })
	return n, n >= 0
}

// attempts returns how often an item was rerun.
func (r *reruns) attempts(n int) int {
	if r.items[n].refused != "" {
		return r.queue.Attempts(n) - 1
	}
	return r.queue.Attempts(n)
}

// stays says why a unit that failed does not run again although reruns are left, "" for nothing.
func (r *reruns) stays(n int) string {
	not := "not rerun"
	if r.attempts(n) > 0 {
		not = "not rerun again"
	}
	switch r.queue.Cause(n) {
	case rerun.Barred:
		return not + ": " + r.items[n].barred
	case rerun.Spent:
		return not + ": the reruns have taken longer than rerun-budget allows"
	case rerun.Broken:
		if i := &r.items[n]; i.refused != "" {
			return not + ": " + i.refused
		}
	case rerun.NotOver, rerun.Done, rerun.CalledOff: // what is to be said is said elsewhere
	}
	return ""
}

// note says what the reruns have shown about a unit beside its verdict, "" for nothing.
func (r *reruns) note(n int) string {
	i := &r.items[n]
	switch {
	case i.unit == nil || r.attempts(n) == 0:
		return ""
	case r.queue.Clashed(n):
		return "fails in parallel with other tests of its package and passes without them: they share something; " +
			"//cohort:serial on it, or --dist=loadpackage, keeps them apart"
	case i.first != nil && i.first.Part != nil:
		return map[bool]string{true: "passes in one process: if its subtests need each other, //cohort:split is wrong on it"}[r.queue.Passed(n)]
	case i.first == nil || len(i.first.Tests) < 2 || i.first.Group != "":
		return ""
	case r.queue.Passed(n):
		return "passes alone"
	case r.queue.Alone(n) && i.shown == rerun.Fails:
		return "fails alone too"
	}
	return ""
}

// alone is what is known of a unit in a process of its own, without others of its package.
func (r *reruns) alone(s *suite, unit *ledger.Unit) rerun.Answer {
	n, ok := r.of(s, unit)
	switch {
	case !ok || r.items[n].unit == nil || !r.queue.Alone(n):
		return rerun.Unknown
	case r.queue.Passed(n):
		return rerun.Passes
	case r.items[n].shown == rerun.Fails:
		return rerun.Fails
	}
	return rerun.Unknown
}

// passed reports whether the reruns of a unit have made it good.
func (r *reruns) passed(s *suite, unit *ledger.Unit) bool {
	n, ok := r.of(s, unit)
	return ok && r.queue.Passed(n)
}

// inexcusable reports whether a rerun of a unit failed for another reason than tests in quarantine.
func (r *reruns) inexcusable(s *suite, unit *ledger.Unit) bool {
	n, ok := r.of(s, unit)
	return ok && r.items[n].inexcusable
}

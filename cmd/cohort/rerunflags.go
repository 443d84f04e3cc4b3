package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/rerun"
)

// rerunTerms says when failed units run again, and which do.
type rerunTerms struct {
	backoff      backoffValue
	only, except regexpsValue
	budget       time.Duration // 0: no limit
}

// bindRerunTerms binds the flags of when and whether what failed runs again.
func bindRerunTerms(t *flagTable, o *rerunTerms) {
	t.add(&o.backoff, usage.Flag{Name: "rerun-backoff", Takes: "FACTOR", Needs: "rerun-fails", Own: true,
		Help: "multiply the delay by this after each rerun, and add up to half of it at random (1: the same each time)"})
	t.add(&o.only, usage.Flag{Name: "rerun-only", Takes: "REGEXP", Repeat: true, Needs: "rerun-fails", Own: true,
		Help: "rerun a failed unit only if a line of its output matches"})
	t.add(&o.except, usage.Flag{Name: "rerun-except", Takes: "REGEXP", Repeat: true, Needs: "rerun-fails", Own: true,
		Help: "do not rerun a failed unit if a line of its output matches"})
	t.add(newPlainDuration(&o.budget), usage.Flag{Name: "rerun-budget", Takes: "DURATION", Needs: "rerun-fails", Own: true,
		Help: "start no rerun later than this after the first one (0: no limit)"})
}

// terms are those that hold for units without rules of their own.
func (o *rerunTerms) terms() rerun.Terms { return rerun.Terms{Only: o.only, Except: o.except} }

// rerunTermFlags are the flags that only cohort's own workers know.
func rerunTermFlags() []string {
	return []string{"rerun-backoff", "rerun-only", "rerun-except", "rerun-budget"}
}

// backoffValue is a factor of one or more; 0, its zero value, is one.
type backoffValue float64

// maxBackoff is more than anyone wants, and keeps a slip of the keyboard from being believed.
const maxBackoff = 1000

func (v *backoffValue) Set(raw string) error {
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil || !(f >= 1 && f <= maxBackoff) { // which no NaN is
		return errors.New("must be a number from 1 to 1000")
	}
	*v = backoffValue(f)
	return nil
}

func (v *backoffValue) Type() string { return "factor" }

func (v *backoffValue) String() string {
	return strconv.FormatFloat(max(1, float64(*v)), 'g', -1, 64)
}

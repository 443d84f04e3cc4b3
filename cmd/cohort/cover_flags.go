package main

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// coverOptions says what is asked of a run's coverage.
type coverOptions struct {
	min, minChanged percentValue
	base            refValue // the commit that the changes are since
	cobertura, lcov string   // files; "": none
	// profile is the file of -coverprofile if that is cohort's own, "" for the user's or for none.
	profile string
}

// bindCover binds what is asked of coverage.
func bindCover(t *flagTable, o *coverOptions) {
	t.section = sectionFiles
	t.add(&o.min, usage.Flag{Name: "cover-min", Takes: "PERCENT", Own: true,
		Help: "fail the run if less of all statements is covered"})
	t.add(&o.minChanged, usage.Flag{Name: "cover-min-changed", Takes: "PERCENT", Own: true,
		Help: "fail the run if less of the lines that changed since --cover-base is covered"})
	t.add(&o.base, usage.Flag{Name: "cover-base", Takes: "COMMIT", Needs: "cover-min-changed", Own: true,
		Help: "the commit whose merge base with this one --cover-min-changed compares with"})
	t.text(&o.cobertura, "", usage.Flag{Name: "coverfile-cobertura", Path: usage.OutputFile, Own: true,
		Help: "write the coverage as Cobertura XML"})
	t.text(&o.lcov, "", usage.Flag{Name: "coverfile-lcov", Path: usage.OutputFile, Own: true,
		Help: "write the coverage as an LCOV tracefile"})
}

// wanted returns the flags that need a profile, in the order of the table.
func (o *coverOptions) wanted() []string {
	var flags []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"--cover-min", o.min.given}, {"--cover-min-changed", o.minChanged.given},
		{"--coverfile-cobertura", o.cobertura != ""}, {"--coverfile-lcov", o.lcov != ""},
	} {
		if f.on {
			flags = append(flags, f.name)
		}
	}
	return flags
}

// coverProblems returns what is wrong with what is asked of coverage.
func (o *options) coverProblems() []string {
	var all []string
	if o.cover.minChanged.given && o.cover.base == "" {
		all = append(all, "--cover-min-changed needs a commit to compare with: add --cover-base=origin/main")
	}
	wanted := o.cover.wanted()
	if len(wanted) > 0 && o.rawCommand {
		all = append(all, usage.List(wanted)+" cannot be used with --raw-command: it is not known where its coverage profile is")
	}
	return all
}

// coverWarnings says what has no effect.
func (o *options) coverWarnings() []string {
	if wanted := o.cover.wanted(); len(wanted) > 0 && o.watch {
		return []string{usage.List(wanted) + usage.Verb(len(wanted), " has", " have") + " no effect with --watch, which tests a package at a time"}
	}
	return nil
}

// percentValue is a number from 0 to 100.
type percentValue struct {
	percent float64
	given   bool
}

func (v *percentValue) Set(raw string) error {
	p, err := strconv.ParseFloat(strings.TrimSuffix(raw, "%"), 64)
	if err != nil || math.IsNaN(p) || p < 0 || p > 100 {
		return errors.New("must be a number from 0 to 100, such as 80")
	}
	v.percent, v.given = p, true
	return nil
}

func (v *percentValue) Type() string { return "percent" }

func (v *percentValue) String() string {
	if !v.given {
		return ""
	}
	return strconv.FormatFloat(v.percent, 'f', -1, 64)
}

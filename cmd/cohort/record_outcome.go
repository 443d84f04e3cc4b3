package main

import (
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/report/record"
)

// outcomeHearer is a source that hears what the summary is to tell, and has the last word.
type outcomeHearer interface {
	hear(report.Outcome) report.Outcome
	// hearAnnotations does the same with what is printed for GitHub.
	hearAnnotations(text string) string
	// hearBound does the same with what the run was bounded by.
	hearBound(sentence string) string
}

func (s *recordingSource) hearAnnotations(text string) string {
	s.rec.verdict.Annotations = text
	return text
}

func (s *recordedSource) hearAnnotations(string) string { return s.verdict.Annotations }

func (s *recordingSource) hearBound(sentence string) string {
	s.rec.verdict.Bound = sentence
	return sentence
}

func (s *recordedSource) hearBound(string) string { return s.verdict.Bound }

// hear records o.
func (s *recordingSource) hear(o report.Outcome) report.Outcome {
	v := &s.rec.verdict
	v.Flaky, v.Failed, v.Seed, v.More = recordUnits(o.Flaky), recordUnits(o.Failed), o.Seed, o.More
	v.Slow, v.Slowest = recordTimed(o.Slow), recordTimed(o.Slowest)
	v.Excused, v.Ready, v.InQuarantine = recordExcused(o.Excused), recordKnown(o.Ready), o.InQuarantine
	v.Interrupted, v.NotStarted = recordTimed(o.Interrupted), recordTimed(o.NotStarted)
	for _, s := range o.Setups {
		v.Setups = append(v.Setups, record.Setup(s))
	}
	v.Coverage = o.Coverage
	for _, f := range o.Order {
		v.Order = append(v.Order, record.Order{
			Package: f.Package, Name: f.Name, Tests: f.Tests, Alone: answerWord(f.FailsAlone), Again: answerWord(f.FailsAgain),
			Parts: f.Parts, Machines: f.Machines, Hunt: f.Hunt, Keep: f.Keep,
		})
	}
	return o
}

// hear says what the run's summary told.
func (s *recordedSource) hear(report.Outcome) report.Outcome {
	v := s.verdict
	o := report.Outcome{
		Flaky: playUnits(v.Flaky), Failed: playUnits(v.Failed), Seed: v.Seed, More: v.More,
		Slow: playTimed(v.Slow), Slowest: playTimed(v.Slowest),
		Excused: playExcused(v.Excused), Ready: playKnown(v.Ready), InQuarantine: v.InQuarantine,
		Interrupted: playTimed(v.Interrupted), NotStarted: playTimed(v.NotStarted), Coverage: v.Coverage,
	}
	for _, s := range v.Setups {
		o.Setups = append(o.Setups, report.Setup(s))
	}
	for _, f := range v.Order {
		o.Order = append(o.Order, report.OrderFinding{
			Package: f.Package, Name: f.Name, Tests: f.Tests, FailsAlone: answerOf(f.Alone), FailsAgain: answerOf(f.Again),
			Parts: f.Parts, Machines: f.Machines, Hunt: f.Hunt, Keep: f.Keep,
		})
	}
	return o
}

func recordUnits(units []report.Unit) []record.Outcome {
	var list []record.Outcome
	for _, u := range units {
		list = append(list, record.Outcome{
			Package: u.Package, Name: u.Name, Tests: u.Tests, Attempts: u.Attempts, Command: u.Command, Again: u.Again,
			Alone: answerWord(u.FailsAlone), Note: u.Note, Machine: u.Machine,
		})
	}
	return list
}

func playUnits(units []record.Outcome) []report.Unit {
	var list []report.Unit
	for _, u := range units {
		list = append(list, report.Unit{
			Package: u.Package, Name: u.Name, Tests: u.Tests, Attempts: u.Attempts, Command: u.Command, Again: u.Again,
			FailsAlone: answerOf(u.Alone), Note: u.Note, Machine: u.Machine,
		})
	}
	return list
}

func answerWord(a report.Answer) string {
	switch a {
	case report.Yes:
		return "yes"
	case report.No:
		return "no"
	}
	return ""
}

func answerOf(word string) report.Answer {
	switch word {
	case "yes":
		return report.Yes
	case "no":
		return report.No
	}
	return report.Unknown
}

func recordTimed(tests []progress.TimedTest) []record.Timed {
	var list []record.Timed
	for _, t := range tests {
		list = append(list, record.Timed{Package: t.Package, Test: t.Test, Elapsed: t.Elapsed})
	}
	return list
}

func playTimed(tests []record.Timed) []progress.TimedTest {
	var list []progress.TimedTest
	for _, t := range tests {
		list = append(list, progress.TimedTest{Package: t.Package, Test: t.Test, Elapsed: t.Elapsed})
	}
	return list
}

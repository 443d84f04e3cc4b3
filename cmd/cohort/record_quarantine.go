package main

import (
	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

func recordExcused(units []report.Excused) []record.Excused {
	var list []record.Excused
	for _, u := range units {
		list = append(list, record.Excused{Outcome: recordUnits([]report.Unit{u.Unit})[0], Known: recordKnown(u.Known)})
	}
	return list
}

func playExcused(units []record.Excused) []report.Excused {
	var list []report.Excused
	for _, u := range units {
		list = append(list, report.Excused{Unit: playUnits([]record.Outcome{u.Outcome})[0], Known: playKnown(u.Known)})
	}
	return list
}

func recordKnown(tests []report.Known) []record.Known {
	var list []record.Known
	for _, k := range tests {
		list = append(list, record.Known(k))
	}
	return list
}

func playKnown(tests []record.Known) []report.Known {
	var list []report.Known
	for _, k := range tests {
		list = append(list, report.Known(k))
	}
	return list
}

package scheduler

import (
	"fmt"
	"slices"

	"github.com/gotestcohort/cohort/grouping"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// needs returns the numbers of the workers' set-ups that a process with these tasks of s needs, in
// their order. All tests of a process have what one of them needs, and a part of a group what the
// whole group does.
func (w *World) needs(s *suite, tasks []*ledger.Task) []int {
	if w == nil || w.When == nil || s.list == nil {
		return nil
	}
	var needs []int
	add := func(of grouping.Subject) {
		for _, setting := range w.When.Settings(of) {
			var n int
			if _, err := fmt.Sscanf(setting.Key, setupKey+"%d", &n); err != nil {
				panic(fmt.Sprintf("scheduler: a rule of set-ups sets %s", setting.Key))
			}
			if !slices.Contains(needs, n) {
				needs = append(needs, n)
			}
		}
	}
	if slices.ContainsFunc(tasks, func(t *ledger.Task) bool { return t.All }) {
		add(grouping.Subject{Package: s.path}) // its TestMain runs without any test too
	}
	for _, u := range s.account.Units() {
		if slices.ContainsFunc(tasks, func(t *ledger.Task) bool { return t.Unit == u || t.Unit == nil && s.account.Holds(t, u) }) {
			add(s.subject(u))
		}
	}
	slices.Sort(needs)
	return needs
}

// subject is what rules see of a unit, with the labels of all members of its group.
func (s *suite) subject(u *ledger.Unit) grouping.Subject {
	subject := grouping.SubjectOfUnit(s.list, u.Def)
	subject.Labels = slices.Clone(subject.Labels)
	for _, t := range s.list.Tests {
		if u.Def.Declared && t.Group == u.Def.Group {
			subject.Labels = append(subject.Labels, t.Labels...)
		}
	}
	return subject
}

// apart reports whether tasks of s have a process to themselves: they need a set-up that is run for
// each attempt. A package that has no more processes than it must shares it in each of them.
func (w *World) apart(s *suite, tasks []*ledger.Task) bool {
	return w.Renews() && s.account.Mode() == ledger.Split &&
		slices.ContainsFunc(w.needs(s, tasks), func(n int) bool { return n >= w.lasting() })
}

// byNeed sorts tasks by what they need: those of one list may share a process. The order in which
// needs and tasks came stays. A package that has no more processes than it must is not divided.
func (w *World) byNeed(s *suite, tasks []*ledger.Task) [][]*ledger.Task {
	if w == nil || w.When == nil || s.account.Mode() != ledger.Split {
		return [][]*ledger.Task{tasks}
	}
	var keys []string
	by := make(map[string][]*ledger.Task)
	for _, t := range tasks {
		key := fmt.Sprint(w.needs(s, []*ledger.Task{t}))
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], t)
	}
	var lists [][]*ledger.Task
	for _, key := range keys {
		lists = append(lists, by[key])
	}
	return lists
}

package merge

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/report/record"
)

// Exit is the exit code of the whole run: 0 if that of every shard is, else that of a run that could
// not be done, if there is one, else the highest.
func (s *Set) Exit() int {
	const notDone = 3
	exit := 0
	for _, r := range s.shards {
		code := r.Manifest.Verdict.Exit
		if exit == notDone || code == notDone {
			exit = notDone
			continue
		}
		exit = max(exit, code)
	}
	return exit
}

// Shards returns the manifests of the shards, in order.
func (s *Set) Shards() []record.Manifest {
	var all []record.Manifest
	for _, r := range s.shards {
		all = append(all, r.Manifest)
	}
	return all
}

// manifest returns what is known of the whole run.
func (s *Set) manifest() record.Manifest {
	all := s.Shards()
	m := all[0]
	m.Run, m.History, m.Env, m.Packages, m.Entries = "", "", nil, nil, nil
	m.Builds = nil // each machine has built for its own workers
	part := *m.Shard
	part.Index = 0
	m.Shard, m.Workers = &part, 0
	m.Flags = mergeFlags(all)
	for _, one := range all {
		m.Workers += one.Workers
		if one.Start.Before(m.Start) {
			m.Start = one.Start
		}
		if one.End.After(m.End) {
			m.End = one.End
		}
		if one.Seed != m.Seed {
			m.Seed = "" // each had its own
		}
	}
	m.Verdict = mergeVerdicts(all)
	m.Verdict.Exit = s.Exit()
	m.Packages = mergePackages(all)
	return m
}

// mergeFlags returns the flags of the first shard. What decides whether reruns are shown is that of
// the shard that had most of them: each has decided by itself whether to rerun, and when to end.
func mergeFlags(all []record.Manifest) map[string]string {
	flags := make(map[string]string)
	for name, value := range all[0].Flags {
		flags[name] = value
	}
	if flags["max-fails"] != "" {
		flags["max-fails"] = "0"
	}
	most := 0
	for _, m := range all {
		if n, err := strconv.Atoi(m.Flags["rerun-fails"]); err == nil {
			most = max(most, n)
		}
	}
	if most > 0 {
		flags["rerun-fails"] = strconv.Itoa(most)
	}
	return flags
}

// mergeVerdicts joins what the shards came to.
func mergeVerdicts(all []record.Manifest) record.Verdict {
	v := record.Verdict{Seed: all[0].Verdict.Seed}
	var problems, broken []string
	slowest, workers := 0, 0
	for _, m := range all {
		one := m.Verdict
		for _, s := range one.Setups {
			if s.Worker >= 0 {
				s.Worker += workers
			}
			v.Setups = append(v.Setups, s)
		}
		workers += m.Workers
		if v.First == 0 || one.First < 0 {
			v.First = one.First
		}
		add := func(to *[]string, text string) {
			if text != "" && !slices.Contains(*to, text) {
				*to = append(*to, text)
			}
		}
		add(&problems, one.Problem)
		// A shard whose reruns were refused does not keep those of others from being shown: so the
		// reason is told after them.
		add(&broken, one.Refused)
		add(&broken, one.Broken)
		for _, text := range one.Errors {
			add(&v.Errors, text)
		}
		v.Flaky, v.Failed = append(v.Flaky, one.Flaky...), append(v.Failed, one.Failed...)
		v.Excused, v.Ready = append(v.Excused, one.Excused...), append(v.Ready, one.Ready...)
		for _, test := range one.InQuarantine {
			add(&v.InQuarantine, test)
		}
		v.Order, v.Slow = append(v.Order, one.Order...), append(v.Slow, one.Slow...)
		v.Slowest = append(v.Slowest, one.Slowest...)
		slowest = max(slowest, len(one.Slowest))
		if one.Seed != v.Seed {
			v.Seed = ""
		}
	}
	slices.SortStableFunc(v.Slowest, func(a, b record.Timed) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	v.Slowest = v.Slowest[:slowest]
	v.Problem = strings.Join(problems, "; ")
	v.Broken = strings.Join(broken, "; ")
	return v
}

// mergePackages joins the pieces of packages.
func mergePackages(all []record.Manifest) []record.Package {
	var packages []record.Package
	at := make(map[string]int)
	for _, m := range all {
		for _, p := range m.Packages {
			i, ok := at[p.Path]
			if !ok {
				at[p.Path] = len(packages)
				packages = append(packages, p)
				continue
			}
			have := &packages[i]
			have.Passed = have.Passed && p.Passed
			have.Estimate += p.Estimate
			have.Units = append(slices.Clip(have.Units), p.Units...)
			if p.Start.Before(have.Start) {
				have.Start = p.Start
			}
			if p.End.After(have.End) {
				have.End = p.End
			}
		}
	}
	return packages
}

// Reader returns the record of the shard with that place among Shards, and the name of its file. It is
// open until Close.
func (s *Set) Reader(shard int) (r *record.Reader, file string) {
	return s.shards[shard].Reader, s.shards[shard].file
}

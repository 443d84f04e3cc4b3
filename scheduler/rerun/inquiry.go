package rerun

import "slices"

// Question is what one process is to show about tests that failed.
type Question uint8

// The questions, in the order in which they are asked.
const (
	// Source: does the unit fail if its package runs as go test runs it, all tests in one process
	// in source order?
	Source Question = iota
	// Alone: does it fail in a process of its own?
	Alone
	// Again: does it fail if the same process runs again, without others of its package?
	Again
)

// String returns the question in one word.
func (q Question) String() string { return [...]string{"source", "alone", "again"}[q] }

// Answer is what is known of a question. The zero value is that nothing is.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	Passes
	Fails
)

// String returns the answer in one word.
func (a Answer) String() string { return [...]string{"unknown", "passes", "fails"}[a] }

// Subject is a unit that failed in a run that changed go test's order or company.
type Subject struct {
	// Package tells which subjects belong to the same package.
	Package int
	// Alone is what is known already of the unit in a process of its own.
	Alone Answer
	// Together reports that other tests were in the process that failed, or not all of the unit.
	Together bool
}

// Probe is a process that is to start.
type Probe struct {
	Question Question
	// Package is the package of Source, Subject the number of the subject of the others.
	Package, Subject int
}

// Inquiry finds out about units that failed whether they also fail as go test would have run
// them. It asks one question of a package at a time, and the cheapest first: a unit that fails in
// source order too needs no other. It is for one goroutine.
type Inquiry struct {
	subjects []subject
	packages []inquired
	off      bool
}

type subject struct {
	Subject
	answers [3]Answer
	asked   [3]bool
}

// inquired is how far the inquiry of a package is.
type inquired struct {
	id          int
	busy, begun bool
}

// NewInquiry returns an inquiry into the subjects, which are numbered from 0.
func NewInquiry(subjects []Subject) *Inquiry {
	q := &Inquiry{}
	for _, s := range subjects {
		sub := subject{Subject: s}
		sub.answers[Alone] = s.Alone
		sub.asked[Alone] = s.Alone != Unknown
		// A process of the unit alone has shown what the same process again would.
		sub.asked[Again] = !s.Together
		q.subjects = append(q.subjects, sub)
		if !slices.ContainsFunc(q.packages, func(p inquired) bool { return p.id == s.Package }) {
			q.packages = append(q.packages, inquired{id: s.Package})
		}
	}
	return q
}

// Next returns the process that a free worker starts now, if allow permits it: a serial one
// waits until it has no company.
func (q *Inquiry) Next(allow func(Probe) bool) (p Probe, ok bool) {
	for n := range q.packages {
		pkg := &q.packages[n]
		if pkg.busy || q.off {
			continue
		}
		p, ok := q.question(pkg)
		if !ok || !allow(p) {
			continue
		}
		pkg.begun, pkg.busy = true, true
		if p.Question != Source {
			q.subjects[p.Subject].asked[p.Question] = true
		}
		return p, true
	}
	return Probe{}, false
}

// question returns what is to be asked next of a package.
func (q *Inquiry) question(pkg *inquired) (Probe, bool) {
	if !pkg.begun {
		return Probe{Question: Source, Package: pkg.id}, true
	}
	for _, question := range []Question{Alone, Again} {
		for n := range q.subjects {
			s := &q.subjects[n]
			if s.Package == pkg.id && s.answers[Source] == Passes && !s.asked[question] {
				return Probe{Question: question, Package: pkg.id, Subject: n}, true
			}
		}
	}
	return Probe{}, false
}

// Answered takes the end of a probe: answer says how a subject fared in it, by its number. For
// the questions about one subject it is asked for that only.
func (q *Inquiry) Answered(p Probe, answer func(subject int) Answer) {
	for n := range q.packages {
		if q.packages[n].id == p.Package {
			q.packages[n].busy = false
		}
	}
	for n := range q.subjects {
		s := &q.subjects[n]
		if s.Package == p.Package && (p.Question == Source || n == p.Subject) {
			s.answers[p.Question] = answer(n)
		}
	}
}

// CallOff lets no other process start.
func (q *Inquiry) CallOff() { q.off = true }

// Over reports whether nothing runs and nothing is to be asked any more.
func (q *Inquiry) Over() bool {
	for _, p := range q.packages {
		if p.busy || !q.off && !p.begun {
			return false
		}
	}
	return q.off || !slices.ContainsFunc(q.subjects, func(s subject) bool {
		return s.answers[Source] == Passes && (!s.asked[Alone] || !s.asked[Again])
	})
}

// Answer returns what has been found out about a subject.
func (q *Inquiry) Answer(subject int, question Question) Answer {
	return q.subjects[subject].answers[question]
}

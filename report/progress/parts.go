package progress

import "time"

// partsState is what is known of the parts of a test that have ended.
type partsState struct {
	ended   int
	over    bool // the test has been counted
	result  string
	elapsed time.Duration
}

// partEnded takes the end of one of the parts of a test, and returns the result of the whole test if
// it was the last.
func (p *packageState) partEnded(parts int, test, result string, elapsed time.Duration) (string, time.Duration, bool) {
	s := p.parts[test]
	if s == nil {
		s = &partsState{result: result}
		if p.parts == nil {
			p.parts = make(map[string]*partsState)
		}
		p.parts[test] = s
	}
	s.ended++
	s.elapsed += elapsed
	switch {
	case result == "fail" || s.result == "fail":
		s.result = "fail"
	case result == "pass":
		s.result = "pass"
	}
	// One more part may follow, for subtests that none has run: the test is counted once.
	over := s.ended == parts && !s.over
	s.over = s.over || over
	return s.result, s.elapsed, over
}

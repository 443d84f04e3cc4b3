package grouping

import "time"

// TimeLimits returns how long each test of the package may run, 0 for any time: what its source and
// rules say, or other for a test of which they say nothing. It is nil if every test may run for any
// time. Of two tests of one name the longer time counts, since nothing tells them apart. The function
// may be called concurrently.
func (p *Package) TimeLimits(other time.Duration) func(test string) time.Duration {
	own := make(map[string]time.Duration)
	for _, t := range p.Tests {
		if t.Timeout > 0 {
			own[t.Name] = max(own[t.Name], t.Timeout)
		}
	}
	if other <= 0 && len(own) == 0 {
		return nil
	}
	return func(test string) time.Duration {
		if d, ok := own[test]; ok {
			return d
		}
		return other
	}
}

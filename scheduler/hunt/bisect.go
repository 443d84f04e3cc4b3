package hunt

import "slices"

// maxCulprits is the largest set of tests that is looked for: an effect that
// takes four tests together is rare, and no help to anyone as a list.
const maxCulprits = 4

// culprits finds which of the units before the victim make the difference.
// shows reports whether a process that runs the given units, in this order,
// and then the victim shows the effect; it does for all of before, and not for
// none. The result is a smallest set, in order, or nil if there is none of at
// most maxCulprits.
//
// It halves from the front: the victim is always preceded by a tail of what
// came before it. A tail holds everything that ran between the culprit and the
// victim, so that a test that undoes the effect of an earlier culprit does not
// lead astray. One culprit among n is found in log2(n) + 1 questions.
func culprits(before []*unit, shows func([]*unit) bool) []*unit {
	var found []*unit
	rest := before
	for len(rest) > 0 && len(found) < maxCulprits {
		// shows(found + rest[lo:]) is true and shows(found + rest[hi:]) is not.
		lo, hi := 0, len(rest)
		for hi-lo > 1 {
			mid := (lo + hi) / 2
			if shows(slices.Concat(found, rest[mid:])) {
				lo = mid
			} else {
				hi = mid
			}
		}
		found = append(found, rest[lo])
		rest = rest[lo+1:]
		if shows(slices.Clone(found)) {
			return needed(found, shows)
		}
	}
	return nil
}

// needed returns the culprits without which the effect does not show: where
// chance plays a part, a wrong answer may have added one.
func needed(found []*unit, shows func([]*unit) bool) []*unit {
	for i := 0; i < len(found) && len(found) > 1; {
		rest := slices.Concat(found[:i], found[i+1:])
		if shows(rest) {
			found = rest
		} else {
			i++
		}
	}
	return found
}

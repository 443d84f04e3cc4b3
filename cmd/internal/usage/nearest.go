package usage

import "strings"

// nearest returns the word of known that word was probably meant to be, "" if there is
// none: the one with the fewest typing mistakes, at most one in three letters, or the
// only one that begins with word.
func nearest(word string, known []string) string {
	best, least := "", mistakes(word)+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return best
	}
	return onlyPrefix(word, known)
}

// mistakes is how many typing mistakes a word may have.
func mistakes(word string) int {
	switch n := len(word); {
	case n < 3:
		return 0
	case n < 6:
		return 1
	case n < 9:
		return 2
	}
	return 3
}

// onlyPrefix returns the word of known that begins with word, if it is the only one and
// word is no mere letter or two.
func onlyPrefix(word string, known []string) string {
	found := ""
	for _, k := range known {
		if len(word) < 3 || !strings.HasPrefix(k, word) {
			continue
		}
		if found != "" {
			return ""
		}
		found = k
	}
	return found
}

// distance is the number of letters to insert, remove, replace or swap with their
// neighbour that turn a into b.
func distance(a, b string) int {
	var before, last, row []int
	row = make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// Nearest returns the word of known that word was probably meant to be, "" if there is
// none.
func Nearest(word string, known []string) string { return nearest(word, known) }

package usage

import (
	"slices"
	"strings"
)

// rest reads what follows the flags: go test's flags and packages. It finds fault only
// with what cannot be meant.
func (s *scanner) rest(dashed bool) {
	words := s.Rest
	if !dashed && len(words) > 0 {
		words = s.commandWord(words)
	}
	for i := 0; i < len(words); {
		switch word := words[i]; {
		case word == "-args" || word == "--args":
			s.tail = append(s.tail, words[i:]...)
			return
		case word == "--":
			s.secondDashes(words[i:])
			return
		case len(word) < 2 || word[0] != '-':
			s.packages = append(s.packages, word)
			i++
		default:
			i += s.restFlag(words[i:], false)
		}
	}
}

// restFlag reads words[0], a flag among go test's, and returns how many words it takes.
// ours says that a flag of cohort's is meant as such whatever its name.
func (s *scanner) restFlag(words []string, ours bool) int {
	name, value, hasValue := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
	if s.isGoTest(name) {
		n := 1
		if !hasValue && s.GoTest[strings.TrimPrefix(name, "test.")] && len(words) > 1 {
			n = 2
		}
		s.flags = append(s.flags, words[:n]...)
		return n
	}
	f := s.Command.flag(name)
	if f == nil || !strings.HasPrefix(words[0], "--") {
		s.tail = append(s.tail, words[0])
		return 1
	}
	if !ours && !distinct(name) {
		s.Warnings = append(s.Warnings, words[0]+" goes to the test binary: cohort's flags come before -- and the packages")
		s.tail = append(s.tail, words[0])
		return 1
	}
	n := 1
	if !hasValue {
		value = f.alone()
		if f.takesNext() && len(words) > 1 {
			value, n = words[1], 2
		}
	}
	s.problemf("--%s is cohort's flag: it belongs before -- and the packages", name)
	s.set(f, "--"+name, value)
	return n
}

// distinct reports whether no test binary has a flag of that name, as far as one can
// tell: a test that wants --debug, --shard or --queue of its own must get it. One that
// does not know it fails, and a warning says why.
func distinct(name string) bool {
	return strings.Contains(name, "-") ||
		slices.Contains([]string{"htmlfile", "jsonfile", "junitfile", "quarantine", "testmain", "tracefile"}, name)
}

// secondDashes reads words from a "--" on that go test gets. It hands all of it to the
// test binary, which stops reading its flags there: what looks like a flag or like
// packages is lost without a word.
func (s *scanner) secondDashes(words []string) {
	if len(words) == 1 || !s.lostBehindDashes(words[1]) {
		s.tail = append(s.tail, words...)
		return
	}
	s.problemf("-- after the packages: go test would ignore %s", strings.Join(words[1:], " "))
	words = words[1:]
	for i := 0; i < len(words); {
		word := words[i]
		switch {
		case word == "-args" || word == "--args" || word == "--":
			s.tail = append(s.tail, words[i:]...)
			return
		case len(word) < 2 || word[0] != '-':
			s.packages = append(s.packages, word)
			i++
		default:
			i += s.restFlag(words[i:], true)
		}
	}
}

func (s *scanner) lostBehindDashes(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return strings.HasSuffix(word, "/...")
	}
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	return s.isGoTest(name) || s.Command.flag(name) != nil
}

// isPackage reports whether word, which could be something else, is a package here.
func (s *scanner) isPackage(word string) bool {
	return strings.ContainsAny(word, "/.") || s.Package != nil && s.Package(word)
}

// commandWord answers a first word that looks like a command, and returns the words
// that are left to be read.
func (s *scanner) commandWord(words []string) []string {
	word := words[0]
	if s.isPackage(word) || len(s.Command.Words) == 0 {
		return words
	}
	answer, ok := s.answerWord(word)
	if !ok {
		return words
	}
	switch {
	case answer.drop:
		words = dropWords(words)
	case answer.alone:
		words = nil
	case len(answer.instead) > 1: // a tool, which has flags of its own
		s.packages, words = words[1:], nil
	default:
		words = words[1:]
	}
	s.problemf("cohort has no command %s%s", word, answer.why)
	s.answered = true
	s.instead = answer.instead
	s.flags = append(s.flags, answer.flags...)
	return words
}

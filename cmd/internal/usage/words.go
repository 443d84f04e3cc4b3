package usage

import "strings"

// wordAnswer is what to say to a word that looks like a command.
type wordAnswer struct {
	why     string   // goes on after "cohort has no command X"
	drop    bool     // the command line is right without the word
	alone   bool     // what follows the word is not wanted
	instead []string // the words of the command that was meant
	flags   []string // or flags of go test's
}

// answerWord returns the answer to a first word that is no package.
func (s *scanner) answerWord(word string) (wordAnswer, bool) {
	runs := wordAnswer{why: ": cohort itself runs the tests", drop: true}
	switch word {
	case "test", "tests", "run", "go", "gotest", "gotestsum", "cohort", "exec", "start", "all-tests":
		return runs, true
	case "version", "ver":
		return wordAnswer{why: ": it is a flag", alone: true, instead: []string{"--version"}}, true
	case "watch":
		return wordAnswer{why: ": it is a flag", instead: []string{"--watch"}}, true
	case "bench", "benchmark", "benchmarks":
		return wordAnswer{why: ": benchmarks are go test's", flags: []string{"-bench=.", "-run=^$"}}, true
	case "cover", "coverage":
		return wordAnswer{why: ": coverage is go test's", flags: []string{"-cover"}}, true
	case "race":
		return wordAnswer{why: ": the race detector is go test's", flags: []string{"-race"}}, true
	case "list", "ls":
		if !s.Command.tool("list") {
			return wordAnswer{why: ": go test lists tests", flags: []string{"-list=."}}, true
		}
	case "man", "manual":
		return wordAnswer{alone: true, instead: []string{"help", "--man"}}, true
	case "usage", "info", "doc", "docs":
		return wordAnswer{alone: true, instead: []string{"help"}}, true
	case "flags", "options":
		return wordAnswer{why: ": it is a page of help", alone: true, instead: []string{"help", "flags"}}, true
	}
	return s.answerTool(word)
}

// answerTool returns the answer to a word that means one of the tools, or nearly so.
func (s *scanner) answerTool(word string) (wordAnswer, bool) {
	tool := toolMeant(word)
	if s.Command.tool(tool) {
		return wordAnswer{why: ": it is a tool", instead: []string{"tool", tool}}, true
	}
	if len(word) < 4 {
		return wordAnswer{}, false
	}
	var names []string
	for _, t := range s.Command.Tools {
		names = append(names, t.Name)
	}
	switch near := within(word, append(names, append([]string{"test", "version", "watch"}, s.Command.Words...)...)); {
	case near == "":
		return wordAnswer{}, false
	case s.Command.tool(near):
		return wordAnswer{why: ": did you mean tool " + near + "?", instead: []string{"tool", near}}, true
	case near == "test" || near == "version" || near == "watch":
		return s.answerWord(near)
	default:
		return wordAnswer{why: ": did you mean " + near + "?", instead: []string{near}}, true
	}
}

// toolMeant returns the tool that a word is another name of, or the word itself.
func toolMeant(word string) string {
	switch word {
	case "flake", "flakes", "hunt", "stress", "repeat":
		return "flaky"
	case "slow", "durations":
		return "slowest"
	case "stats", "statistics", "hist":
		return "history"
	case "ls":
		return "list"
	case "matrix", "ci", "split":
		return "ci-matrix"
	case "clean", "prune":
		return "cache"
	case "completions", "complete":
		return "completion"
	case "schema", "settings", "configure":
		return "config"
	case "shard", "shards":
		return "plan"
	}
	return word
}

// within returns the word of known that is one typing mistake away from word: packages
// of the standard library are words too, and further away from all of them.
func within(word string, known []string) string {
	for _, k := range known {
		if distance(word, k) == 1 {
			return k
		}
	}
	return ""
}

// dropWords leaves out the words that only say that tests are to be run.
func dropWords(words []string) []string {
	for len(words) > 0 && strings.Contains(" test tests run go gotest gotestsum cohort exec start all-tests ", " "+words[0]+" ") {
		words = words[1:]
	}
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	return words
}

// NearestTool returns the tool that was probably meant by name, "" if there is none.
func NearestTool(name string, tools []Tool) string {
	s := &scanner{Input: Input{Command: Command{Tools: tools}}}
	if a, ok := s.answerTool(name); ok && len(a.instead) == 2 {
		return a.instead[1]
	}
	var names []string
	for _, t := range tools {
		names = append(names, t.Name)
	}
	return nearest(name, names)
}

package usage

import (
	"fmt"
	"slices"
	"strings"
)

// peer is a flag of another test runner, and what to write here in its place. In own,
// goTest and command %s stands for its value.
type peer struct {
	flags   string // its spellings, separated by space
	tool    string // whose it is
	takes   bool   // it has a value
	own     string // cohort's flag
	goTest  string // go test's flag
	command string // the words of another command
	note    string // what to know, where nothing else is to be written
}

// peers returns the flags of other test runners that people type by habit. Those that
// mean the same here are not in it.
func peers() []peer {
	return slices.Concat(pytestFlags(), jestFlags(), playwrightFlags(), nextestFlags(), ginkgoFlags(), guessedFlags())
}

// pytestFlags are the flags of pytest and its plugins.
func pytestFlags() []peer {
	return []peer{
		{flags: "--lf --last-failed", tool: "pytest", own: "--last-failed"},
		{flags: "--ff --failed-first", tool: "pytest", own: "--failed-first"},
		{flags: "--sw --stepwise", tool: "pytest", own: "--max-fails=1"},
		{flags: "--exitfirst", tool: "pytest", own: "--max-fails=1"},
		{flags: "--maxfail", tool: "pytest", takes: true, own: "--max-fails=%s"},
		{flags: "--reruns", tool: "pytest", takes: true, own: "--rerun-fails=%s"},
		{flags: "--reruns-delay", tool: "pytest", takes: true, own: "--rerun-delay=%s"},
		{flags: "--only-rerun", tool: "pytest", takes: true, own: "--rerun-only=%s"},
		{flags: "--rerun-show-tracebacks", tool: "pytest", note: "every attempt is shown unless --rerun-show-only-last is given"},
		{flags: "--numprocesses --maxprocesses", tool: "pytest", takes: true, own: "--workers=%s"},
		{flags: "--junitxml --junit-xml", tool: "pytest", takes: true, own: "--junitfile=%s"},
		{flags: "--durations", tool: "pytest", takes: true, own: "--slowest=%s"},
		{flags: "--quiet -q", tool: "pytest", own: "--format=dots"},
		{flags: "-vv", tool: "pytest", own: "--format=standard-verbose"},
		{flags: "-k", tool: "pytest", takes: true, goTest: "-run=%s"},
		{flags: "-m", tool: "pytest", takes: true, own: "--label=%s"},
		{flags: "--deselect", tool: "pytest", takes: true, goTest: "-skip=%s"},
		{flags: "--collect-only --co", tool: "pytest", goTest: "-list=."},
		{flags: "--flake-finder", tool: "pytest", command: "tool flaky"},
		{flags: "--flake-runs", tool: "pytest", takes: true, command: "tool flaky --runs=%s"},
		{flags: "--random-order --randomly", tool: "pytest", own: "--shuffle=on"},
		{flags: "--randomly-seed --random-order-seed", tool: "pytest", takes: true, own: "--shuffle=%s"},
		{flags: "--cov", tool: "pytest", goTest: "-cover"},
		{flags: "--cov-report", tool: "pytest", takes: true, goTest: "-coverprofile=cover.out"},
		{flags: "--cov-fail-under", tool: "pytest", takes: true, own: "--cover-min=%s"},
		{flags: "--looponfail", tool: "pytest", own: "--watch"},
		{flags: "--capture -s", tool: "pytest", note: "output is shown as the format says: --format=standard-verbose shows all of it"},
		{flags: "--tb", tool: "pytest", takes: true, note: "go test has one form of a failure"},
		{flags: "--pdb", tool: "pytest", note: "a failed test is debugged with dlv test, or with the key d of --watch"},
		{flags: "--setup-show --fixtures", tool: "pytest", note: "Go tests have no fixtures to list"},
	}
}

// jestFlags are the flags of jest.
func jestFlags() []peer {
	return []peer{
		{flags: "--maxWorkers -w", tool: "jest", takes: true, own: "--workers=%s"},
		{flags: "--runInBand -i", tool: "jest", own: "--workers=1"},
		{flags: "--testNamePattern -t", tool: "jest", takes: true, goTest: "-run=%s"},
		{flags: "--bail -b", tool: "jest", own: "--max-fails=1"},
		{flags: "--onlyFailures", tool: "jest", own: "--last-failed"},
		{flags: "--onlyChanged", tool: "jest", own: "--changed-since=HEAD"},
		{flags: "--changedSince", tool: "jest", takes: true, own: "--changed-since=%s"},
		{flags: "--watchAll", tool: "jest", own: "--watch"},
		{flags: "--listTests", tool: "jest", goTest: "-list=."},
		{flags: "--coverage --collectCoverage", tool: "jest", goTest: "-cover"},
		{flags: "--coverageDirectory", tool: "jest", takes: true, goTest: "-coverprofile=%s/cover.out"},
		{flags: "--passWithNoTests", tool: "jest", own: "--no-tests=pass"},
		{flags: "--randomize", tool: "jest", own: "--shuffle=on"},
		{flags: "--testTimeout", tool: "jest", takes: true, goTest: "-timeout=%sms"},
		{flags: "--verbose", tool: "jest", own: "--format=testname"},
		{flags: "--silent", tool: "jest", own: "--format=dots"},
		{flags: "--ci", tool: "jest", note: "cohort sees by the variable CI that it runs there"},
		{flags: "--updateSnapshot --update-snapshots", tool: "jest", note: "a flag of your own test comes after -args"},
		{flags: "--detectOpenHandles --forceExit", tool: "jest", note: "a test process ends with its tests"},
	}
}

// playwrightFlags are the flags of Playwright.
func playwrightFlags() []peer {
	return []peer{
		{flags: "--retries --retry", tool: "Playwright", takes: true, own: "--rerun-fails=%s"},
		{flags: "--grep -g", tool: "Playwright", takes: true, goTest: "-run=%s"},
		{flags: "--grep-invert -gv", tool: "Playwright", takes: true, goTest: "-skip=%s"},
		{flags: "--max-failures", tool: "Playwright", takes: true, own: "--max-fails=%s"},
		{flags: "--repeat-each", tool: "Playwright", takes: true, command: "tool flaky --runs=%s"},
		{flags: "--reporter", tool: "Playwright", takes: true, note: "--format chooses what is printed, --junitfile and --jsonfile write files"},
		{flags: "--only-changed", tool: "Playwright", own: "--changed-since=HEAD"},
		{flags: "--pass-with-no-tests", tool: "Playwright", own: "--no-tests=pass"},
		{flags: "--fail-on-flaky-tests", tool: "Playwright", own: "--fail-on-flaky"},
		{flags: "--fully-parallel", tool: "Playwright", own: "--dist=loadscope"},
		{flags: "--list", tool: "Playwright", goTest: "-list=."},
		{flags: "--output", tool: "Playwright", takes: true, own: "--artifacts=%s"},
		{flags: "--headed --ui --debug-on-failure", tool: "Playwright", note: "a flag of your own test comes after -args"},
		{flags: "--forbid-only", tool: "Playwright", note: "a Go test cannot ask to run alone"},
	}
}

// nextestFlags are the flags of nextest.
func nextestFlags() []peer {
	return []peer{
		{flags: "--test-threads --jobs -j", tool: "nextest", takes: true, own: "--workers=%s"},
		{flags: "--filterset --filter-expr -E", tool: "nextest", takes: true, note: "go test chooses tests by -run REGEXP, after --"},
		{flags: "--partition", tool: "nextest", takes: true, own: "--shard=%s"},
		{flags: "--max-fail", tool: "nextest", takes: true, own: "--max-fails=%s"},
		{flags: "--no-capture --nocapture", tool: "nextest", own: "--format=standard-verbose"},
		{flags: "--no-fail-fast", tool: "nextest", note: "a failure does not end a run"},
		{flags: "--fail-fast --failfast", tool: "nextest", goTest: "-failfast"},
		{flags: "--stress-count", tool: "nextest", takes: true, command: "tool flaky --runs=%s"},
		{flags: "--stress-duration", tool: "nextest", takes: true, command: "tool flaky --for=%s"},
		{flags: "--status-level --final-status-level", tool: "nextest", takes: true, own: "--format=testname"},
		{flags: "--slow-timeout", tool: "nextest", takes: true, own: "--slow=%s"},
		{flags: "--archive-file", tool: "nextest", takes: true, own: "--archive=%s"},
		{flags: "--run-ignored", tool: "nextest", takes: true, note: "a Go test skips itself: see t.Skip"},
		{flags: "--color --colour", tool: "nextest", takes: true, note: "--no-color turns colour off, --no-color=false on"},
	}
}

// ginkgoFlags are the flags of ginkgo.
func ginkgoFlags() []peer {
	return []peer{
		{flags: "--procs --nodes", tool: "ginkgo", takes: true, own: "--workers=%s"},
		{flags: "--randomize-all --randomizeAllSpecs", tool: "ginkgo", own: "--shuffle=on"},
		{flags: "--seed", tool: "ginkgo", takes: true, own: "--shuffle=%s"},
		{flags: "--flake-attempts --flakeAttempts", tool: "ginkgo", takes: true, own: "--rerun-fails=%s"},
		{flags: "--until-it-fails --untilItFails", tool: "ginkgo", command: "tool flaky --until-fail"},
		{flags: "--repeat", tool: "ginkgo", takes: true, command: "tool flaky --runs=%s"},
		{flags: "--focus", tool: "ginkgo", takes: true, goTest: "-run=%s"},
		{flags: "--label-filter", tool: "ginkgo", takes: true, own: "--label=%s"},
		{flags: "--junit-report", tool: "ginkgo", takes: true, own: "--junitfile=%s"},
		{flags: "--json-report", tool: "ginkgo", takes: true, own: "--jsonfile=%s"},
		{flags: "--fail-on-empty", tool: "ginkgo", own: "--no-tests=fail"},
		{flags: "--poll-progress-after", tool: "ginkgo", takes: true, own: "--slow=%s"},
		{flags: "--dry-run --dryRun", tool: "ginkgo", goTest: "-list=."},
		{flags: "--keep-going", tool: "ginkgo", note: "a package that fails does not end a run"},
		{flags: "--succinct", tool: "ginkgo", own: "--format=dots"},
		{flags: "--recursive -r", tool: "ginkgo", note: "./... is what runs when no package is named"},
	}
}

// guessedFlags are flags that no tool has, or many, and that people guess.
func guessedFlags() []peer {
	return []peer{
		{flags: "--parallelism --concurrency --threads --processes --num-workers", tool: "no flag here", takes: true, own: "--workers=%s"},
		{flags: "--filter --test --tests --pattern", tool: "no flag here", takes: true, goTest: "-run=%s"},
		{flags: "--exclude", tool: "no flag here", takes: true, goTest: "-skip=%s"},
		{flags: "--random --random-order-bucket", tool: "no flag here", own: "--shuffle=on"},
		{flags: "--no-shuffle --no-random --ordered", tool: "no flag here", own: "--shuffle=off"},
		{flags: "--no-history", tool: "no flag here", own: "--history=off"},
		{flags: "--no-link-cache --no-cache", tool: "no flag here", own: "--link-cache=false"},
		{flags: "--no-group-failfast", tool: "no flag here", own: "--group-failfast=false"},
		{flags: "--junit --xml", tool: "no flag here", takes: true, own: "--junitfile=%s"},
		{flags: "-V", tool: "no flag here", own: "--version"},
	}
}

// peer returns the row for a flag as it was written, nil without one.
func (s *scanner) peer(spelled string) *peer {
	for _, p := range peers() {
		for name := range strings.FieldsSeq(p.flags) {
			if name == spelled && !s.goTestSpelling(spelled) {
				return &p
			}
		}
	}
	return nil
}

// goTestSpelling reports whether the flag is more likely go test's: one with one dash, as
// go test's documentation writes it.
func (s *scanner) goTestSpelling(spelled string) bool {
	// -i is one that go test has given up.
	return !strings.HasPrefix(spelled, "--") && s.isGoTest(spelled[1:]) && spelled != "-i"
}

// answerPeer says what to write in the place of a flag of another tool.
func (s *scanner) answerPeer(p *peer, spelled, value string, hasValue bool) {
	if p.takes && !hasValue && s.next < len(s.Args) && s.Args[s.next] != "--" {
		value, hasValue = s.Args[s.next], true
		s.next++
	}
	whose := fmt.Sprintf("%s is %s's", spelled, p.tool)
	if p.tool == "no flag here" {
		whose = fmt.Sprintf("unknown flag %s", spelled)
	}
	fill := func(text string) string {
		if !hasValue && strings.Contains(text, "%s") {
			s.lost = true
			value = "..."
		}
		return strings.ReplaceAll(text, "%s", value)
	}
	switch {
	case p.command != "":
		command := "cohort " + fill(p.command)
		if flag, ok := strings.CutPrefix(command, s.Command.Name+" "); ok && s.Command.Name != "cohort" {
			s.own = append(s.own, flag)
			command = flag
		} else {
			s.instead = strings.Fields(command)[1:]
		}
		s.problemf("%s: here it is %s", whose, command)
	case p.goTest != "":
		flag := fill(p.goTest)
		s.flags = append(s.flags, flag)
		s.problemf("%s: go test's %s does it, after --", whose, flag)
	case p.own != "":
		s.answerOwn(whose, fill(p.own))
	default:
		s.problemf("%s: %s", whose, p.note)
		s.lost = true
	}
}

// answerOwn names a flag of cohort's, if this version has it and the value fits.
func (s *scanner) answerOwn(whose, flag string) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
	f := s.Command.flag(name)
	if f == nil {
		s.problemf("%s, and %s has no such flag", whose, s.Command.Name)
		s.lost = true
		return
	}
	s.problemf("%s: here it is %s", whose, flag)
	if !hasValue {
		value = f.alone()
	}
	if !s.lost {
		s.set(f, "--"+name, value)
	}
}

// otherModes returns the mode of --dist that is most like one of pytest-xdist's.
func otherModes(value string) string {
	switch value {
	case "loadgroup", "worksteal":
		return "loadscope"
	case "no", "each":
		return "loadpackage"
	}
	return ""
}

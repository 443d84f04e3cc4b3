package config

import (
	"errors"
	"fmt"
	"go/build/constraint"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// kind is what a value is.
type kind uint8

const (
	text       kind = iota // one scalar
	word                   // one of field.choices
	whole                  // a whole number, at least field.least
	number                 // a number of one or more
	toggle                 // true or false
	duration               // seconds, or with units
	pattern                // a regular expression
	expression             // of labels
	order                  // on, off or a seed
	day                    // 2027-01-31
	limit                  // a duration greater than 0
	line                   // a line for a shell, or a list of words
	texts                  // a list of texts, or one
	patterns               // a list of regular expressions, or one
	match                  // a mapping of matchFields
)

// field is a key of a mapping: what its value is, and what the schema says of it.
type field struct {
	name    string
	kind    kind
	need    bool     // the mapping must have it
	least   int      // for whole
	choices []string // for word
	help    string
}

// matchFields are the keys of match and when.
func matchFields() []field {
	return []field{
		{name: "label", kind: expression, help: "an expression of labels: e2e && !slow"},
		{name: "test", kind: pattern, help: "a regular expression that the test's name matches"},
		{name: "package", kind: text, help: "a pattern of packages: ./cart, ./shop/..."},
		{name: "group", kind: pattern, help: "a regular expression that the group's name matches"},
	}
}

// ruleFields are the keys of an entry of tests.
func ruleFields() []field {
	return []field{
		{name: "match", kind: match, need: true, help: "the tests that the rule is for"},
		{name: "reason", kind: text, help: "why, for people"},
		{name: "rerun-fails", kind: whole, help: "reruns of one unit at most"},
		{name: "rerun-delay", kind: duration, help: "wait this long between attempts"},
		{name: "rerun-backoff", kind: number, help: "multiply the delay by this each time"},
		{name: "rerun-only", kind: patterns, help: "rerun only if the output matches one of these"},
		{name: "rerun-except", kind: patterns, help: "do not rerun if the output matches one of these"},
		{name: "test-timeout", kind: duration, help: "end a test that runs longer"},
		{name: "group", kind: text, help: "the group that the tests form"},
		{name: "serial", kind: toggle, help: "run while no other test process runs"},
		{name: "lock", kind: texts, help: "names that the tests hold while they run"},
		{name: "dist", kind: word, choices: []string{"loadscope", "loadfile", "loadpackage", "load"}, help: "what stays together in one process"},
		{name: "shuffle", kind: order, help: "on, off or a seed"},
		{name: "testmain", kind: word, choices: []string{"whole", "per-worker"}, help: "whether a package with TestMain is split"},
		{name: "labels", kind: texts, help: "labels that the tests get"},
	}
}

// RuleKeys are the keys of an entry of tests, but for those that a version of cohort may not have
// (see [Config.Uses]).
func RuleKeys() []string {
	var keys []string
	for _, f := range ruleFields() {
		if !slices.Contains(gatedKeys(), f.name) {
			keys = append(keys, f.name)
		}
	}
	return keys
}

// quarantineFields are the keys of an entry of quarantine.
func quarantineFields() []field {
	return []field{
		{name: "test", kind: text, need: true, help: "import path, a dot, the name of the test"},
		{name: "owner", kind: text, help: "who mends it"},
		{name: "until", kind: day, need: true, help: "the day from which it can fail the run again, in UTC"},
		{name: "issue", kind: text, help: "where it is written down"},
	}
}

// perAttempt is the value of per for a set-up that is run for each attempt.
const perAttempt = "attempt"

// commandFields are the keys of an entry of setup, or of worker-setup, whose commands
// may be for some tests only.
func commandFields(worker bool) []field {
	fields := []field{
		{name: "name", kind: text, need: true, help: "what it is called in messages"},
		{name: "run", kind: line, need: true, help: "the command: a line for a shell, or a list of words without one"},
		{name: "teardown", kind: line, help: "the command that ends what it began"},
		{name: "timeout", kind: limit, help: "how long each of the two may take (default: 5m)"},
	}
	if worker {
		fields = append(fields,
			field{name: "when", kind: match, help: "the tests that need it"},
			field{name: "per", kind: word, choices: []string{"worker", perAttempt}, help: "worker: once for each worker (default); attempt: anew for each attempt of a test or group"})
	}
	return fields
}

// check reports what is wrong with a scalar for f.
func (f *field) check(value string) error {
	switch f.kind {
	case word:
		if !slices.Contains(f.choices, value) {
			return fmt.Errorf("must be one of: %s%s", strings.Join(f.choices, ", "), didYouMean(value, f.choices))
		}
	case whole:
		if n, err := strconv.Atoi(value); err != nil || n < f.least {
			return fmt.Errorf("must be a whole number from %d on", f.least)
		}
	case number:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 1 && n <= 1000) {
			return errors.New("must be a number from 1 to 1000")
		}
	case toggle:
		if value != "true" && value != "false" {
			return errors.New("must be true or false")
		}
	case duration:
		_, err := usage.ParseDuration(value)
		return err
	case limit:
		if d, err := usage.ParseDuration(value); err != nil || d <= 0 {
			return errors.New("must be a duration greater than 0, such as 30 or 1m30s")
		}
	case pattern, patterns:
		if _, err := regexp.Compile(value); err != nil {
			return fmt.Errorf("is no regular expression: %w", err)
		}
	case expression:
		if _, err := constraint.Parse("//go:build " + value); err != nil || strings.ContainsAny(value, "\r\n") {
			return errors.New("is no expression of labels: write it like e2e && !slow")
		}
	case order:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil && value != "on" && value != "off" {
			return errors.New("must be on, off or a number")
		}
	case day:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return errors.New("must be a day such as 2027-01-31")
		}
	case text, texts, match, line:
		if strings.TrimSpace(value) == "" {
			return errors.New("is empty")
		}
	}
	return nil
}

// didYouMean names the nearest word, "" if there is none.
func didYouMean(word string, known []string) string {
	near := usage.Nearest(strings.ToLower(word), known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", near)
}

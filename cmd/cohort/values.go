package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/shlex"
	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report"
)

// hideSummaryValue holds the sections that are shown: what the flag names is taken out.
type hideSummaryValue struct{ shown testjson.Summary }

func (v *hideSummaryValue) Set(raw string) error {
	if raw == "" {
		return nil
	}
	items, err := csv.NewReader(strings.NewReader(raw)).Read()
	if err != nil {
		return err
	}
	for _, item := range items {
		section, ok := testjson.NewSummary(item)
		if !ok {
			return fmt.Errorf("value must be one or more of: %s", testjson.SummarizeAll)
		}
		// Clear the bits; gotestsum subtracts, so that naming a section twice (all,skipped)
		// brings others back.
		v.shown &^= section
	}
	return nil
}

func (v *hideSummaryValue) Type() string   { return "summary" }
func (v *hideSummaryValue) String() string { return (testjson.SummarizeAll &^ v.shown).String() }

var fieldFormats = []string{"full", "relative", "short"}

// fieldFormatValue is how a package path is written into a field of the JUnit file.
// A nil format writes it in full.
type fieldFormatValue struct {
	format func(string) string
	name   string // of the format; "": full
}

func (v *fieldFormatValue) Set(raw string) error {
	switch raw {
	case "full":
		v.format = nil
	case "relative":
		v.format = testjson.RelativePackagePath
	case "short":
		v.format = path.Base
	default:
		return fmt.Errorf("invalid value: %v, must be one of: %s", raw, strings.Join(fieldFormats, ", "))
	}
	v.name = raw
	return nil
}

func (v *fieldFormatValue) Type() string   { return "field-format" }
func (v *fieldFormatValue) String() string { return cmp.Or(v.name, "full") }

// commandValue is a command line, split into words as a shell does.
type commandValue struct {
	raw   string
	words []string
}

func (v *commandValue) Set(raw string) error {
	words, err := shlex.Split(raw)
	v.raw, v.words = raw, words
	return err
}

func (v *commandValue) Type() string   { return "command" }
func (v *commandValue) String() string { return v.raw }

// listValue is a list of words separated by space; each use of the flag adds to it.
type listValue []string

func (v *listValue) Set(raw string) error {
	*v = append(*v, strings.Fields(raw)...)
	return nil
}

func (v *listValue) Type() string   { return "list" }
func (v *listValue) String() string { return strings.Join(*v, " ") }

// workersValue is a number of workers; 0 is auto.
type workersValue int

func (v *workersValue) Set(raw string) error {
	if raw == "auto" {
		*v = 0
		return nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < 1 {
		return errors.New("must be auto or a whole number from 1 on")
	}
	*v = workersValue(n)
	return nil
}

func (v *workersValue) Type() string { return "N|auto" }

func (v *workersValue) String() string {
	if *v == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*v))
}

// shuffleMode says where the seed of the order comes from.
type shuffleMode uint8

const (
	shuffleOn   shuffleMode = iota // a new seed for each run
	shuffleOff                     // source order
	shuffleSeed                    // the seed that was given
	shuffleLast                    // the seed of the previous run here
)

// shuffleValue is the order of the tests. Its zero value is a new seed for each run.
type shuffleValue struct {
	mode shuffleMode
	seed int64 // for shuffleSeed
}

func (v *shuffleValue) Set(raw string) error {
	switch raw {
	case "on":
		*v = shuffleValue{}
	case "off":
		*v = shuffleValue{mode: shuffleOff}
	case "last":
		*v = shuffleValue{mode: shuffleLast}
	default:
		seed, err := strconv.ParseInt(raw, 10, 64)
		if err != nil {
			return errors.New("must be on, off, last or a number")
		}
		*v = shuffleValue{mode: shuffleSeed, seed: seed}
	}
	return nil
}

func (v *shuffleValue) Type() string { return "on|off|N|last" }

func (v *shuffleValue) String() string {
	switch v.mode {
	case shuffleOff:
		return "off"
	case shuffleSeed:
		return strconv.FormatInt(v.seed, 10)
	case shuffleLast:
		return "last"
	}
	return "on"
}

// Sorted by how much each keeps together.
var distModes = []string{"loadscope", "loadfile", "loadpackage", "load"}

// distMode is one of distModes; "" is the first, loadscope.
type distMode string

func (v *distMode) Set(raw string) error { return setWord((*string)(v), raw, distModes) }
func (v *distMode) Type() string         { return "mode" }
func (v *distMode) String() string       { return word(string(*v), distModes) }

const testMainPerWorker = "per-worker"

var testMainModes = []string{"whole", testMainPerWorker}

// testMainMode is one of testMainModes; "" is the first: one process for the whole
// of a package that has a TestMain.
type testMainMode string

func (v *testMainMode) Set(raw string) error { return setWord((*string)(v), raw, testMainModes) }
func (v *testMainMode) Type() string         { return "mode" }
func (v *testMainMode) String() string       { return word(string(*v), testMainModes) }

// regexpValue is a regular expression, nil until it is set.
type regexpValue struct{ re *regexp.Regexp }

func (v *regexpValue) Set(raw string) error {
	re, err := regexp.Compile(raw)
	if err != nil {
		return err
	}
	v.re = re
	return nil
}

func (v *regexpValue) Type() string { return "regexp" }

func (v *regexpValue) String() string {
	if v.re == nil {
		return ""
	}
	return v.re.String()
}

var explainModes = []string{"auto", "off"}

// explainMode is one of explainModes; "" is the first, auto.
type explainMode string

func (v *explainMode) Set(raw string) error { return setWord((*string)(v), raw, explainModes) }
func (v *explainMode) Type() string         { return "mode" }
func (v *explainMode) String() string       { return word(string(*v), explainModes) }

func setWord(p *string, raw string, words []string) error {
	if !slices.Contains(words, raw) {
		return fmt.Errorf("must be one of: %s", strings.Join(words, ", "))
	}
	*p = raw
	return nil
}

func word(s string, words []string) string {
	if s == "" {
		return words[0]
	}
	return s
}

var noTestsModes = []string{"warn", "fail", "pass"}

// noTestsMode is one of noTestsModes; "" is the first.
type noTestsMode string

func (v *noTestsMode) Set(raw string) error { return setWord((*string)(v), raw, noTestsModes) }
func (v *noTestsMode) Type() string         { return "mode" }
func (v *noTestsMode) String() string       { return word(string(*v), noTestsModes) }

// regexpsValue is a list of regular expressions; each use of the flag adds one.
type regexpsValue []*regexp.Regexp

func (v *regexpsValue) Set(raw string) error {
	re, err := regexp.Compile(raw)
	if err != nil {
		return err
	}
	*v = append(*v, re)
	return nil
}

func (v *regexpsValue) Type() string { return "regexp" }

func (v *regexpsValue) String() string {
	texts := make([]string, len(*v))
	for i, re := range *v {
		texts[i] = re.String()
	}
	return strings.Join(texts, " ")
}

// delayValue is a duration of zero or more: seconds, or with units.
type delayValue time.Duration

// Long enough that a service that a test depends on recovers from a restart, short
// enough that nobody notices it.
const defaultRerunDelay = 500 * time.Millisecond

func newDelayValue(p *time.Duration) *delayValue {
	*p = defaultRerunDelay
	return (*delayValue)(p)
}

func (v *delayValue) Set(raw string) error {
	d, err := usage.ParseDuration(raw)
	if err == nil {
		*v = delayValue(d)
	}
	return err
}

func (v *delayValue) Type() string   { return "duration" }
func (v *delayValue) String() string { return time.Duration(*v).String() }

// newPlainDuration is a duration of zero or more whose default is zero.
func newPlainDuration(p *time.Duration) *delayValue { return (*delayValue)(p) }

// seedValue is a seed of random orders.
type seedValue int64

func (v *seedValue) Set(raw string) error {
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil {
		return errors.New("must be a whole number")
	}
	*v = seedValue(n)
	return nil
}

func (v *seedValue) Type() string   { return "N" }
func (v *seedValue) String() string { return strconv.FormatInt(int64(*v), 10) }

// junitRerunsValue is how the attempts of a unit appear in the JUnit file.
type junitRerunsValue struct{ mode report.RerunMode }

func (v *junitRerunsValue) Set(raw string) error {
	mode, err := report.ParseRerunMode(raw)
	v.mode = mode
	return err
}

func (v *junitRerunsValue) Type() string   { return "mode" }
func (v *junitRerunsValue) String() string { return v.mode.String() }

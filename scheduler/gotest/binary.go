package gotest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// BinaryArgs are the arguments that the go command gives to a test binary.
type BinaryArgs struct {
	// Run, Skip and Shuffle are the values of the flags, empty if not given.
	Run, Skip, Shuffle string
	// Count is the value of -test.count, 1 if not given.
	Count int
	// CPUs is the length of the -test.cpu list, 1 if not given.
	CPUs int
	// lastCPU is the last of the list.
	lastCPU string
	// FailFast reports whether -test.failfast is on.
	FailFast bool
	// CoverProfile and CoverDir are where the go command wants the coverage
	// profile and the raw coverage files; empty if not given.
	CoverProfile, CoverDir string
	// Timeout is the value of a -test.timeout that the user has put behind -args,
	// empty for none: the go command's own is always 0.
	Timeout string
	// Opaque reports that the arguments hold -test flags in a place where it
	// cannot be told whether the binary will read them as flags; such a binary
	// is best run once, as it is.
	Opaque bool

	// countSet reports whether -test.count was given.
	countSet bool
	// kept are the flags less those with a field above, tail is what follows.
	kept, tail []string
}

// ParseBinaryArgs reads args, the arguments of a test binary without its path.
// It follows the flag package: the first word that is no flag ends the flags.
func ParseBinaryArgs(args []string) *BinaryArgs {
	b := &BinaryArgs{Count: 1, CPUs: 1}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if !isFlag(arg) {
			b.tail = args[i:]
			break
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		test, ok := strings.CutPrefix(name, "test.")
		if ok && !hasValue && !isBinaryBool(test) && i+1 < len(args) {
			i++ // a value in the next word: only behind -args
			value, hasValue = args[i], true
			arg += "=" + value
		}
		if !ok || !b.set(test, value, hasValue) {
			b.kept = append(b.kept, arg)
		}
		if !ok && !hasValue && i+1 < len(args) && isTestFlag(args[i+1]) {
			b.tail = args[i+1:] // the next word may be the value of this one
			break
		}
	}
	b.Opaque = b.Opaque || slices.ContainsFunc(b.tail, isTestFlag)
	return b
}

// TestFlag returns the first -test flag that the user hands to the test binaries in the place of their
// own arguments, "" for none. The go command does not look at it.
func (a *Args) TestFlag() string {
	for _, word := range slices.Concat(a.unknown, a.tail) {
		if isTestFlag(word) {
			return word
		}
	}
	return ""
}

func isTestFlag(arg string) bool {
	return strings.HasPrefix(arg, "-test.") || strings.HasPrefix(arg, "--test.")
}

// isBinaryBool reports whether the flag -test.NAME needs no value.
func isBinaryBool(name string) bool {
	return goTestFlags[name] == flagBool || name == "paniconexit0" || name == "fuzzworker"
}

// set takes one -test flag and reports whether cohort gives it anew to each process.
func (b *BinaryArgs) set(name, value string, hasValue bool) bool {
	switch name {
	case "run":
		b.Run = value
	case "skip":
		b.Skip = value
	case "shuffle":
		b.Shuffle = value
	case "count":
		n, err := strconv.Atoi(value)
		if err != nil {
			return false
		}
		b.Count, b.countSet = n, true
	case "cpu":
		if value != "" {
			b.CPUs = strings.Count(value, ",") + 1
			b.lastCPU = value[strings.LastIndex(value, ",")+1:]
		}
		return false
	case "failfast":
		on, err := strconv.ParseBool(value)
		b.FailFast = !hasValue || (err == nil && on)
	case "coverprofile":
		b.CoverProfile = value
	case "gocoverdir":
		b.CoverDir = value
	case "timeout":
		if d, err := time.ParseDuration(value); err != nil || d != 0 {
			b.Timeout = value
		}
	case "testlogfile", "v":
	case "bench", "fuzz", "list", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace":
		b.Opaque = b.Opaque || value != "" // behind -args: go test does not see it
		return false
	default:
		return false
	}
	return true
}

// Patterns are the values of -run and -skip, empty for none. They choose which tests a binary runs.
type Patterns struct{ Run, Skip string }

// Process says what one process of the binary is to do.
type Process struct {
	// Patterns choose the tests.
	Patterns
	// Shuffle is the -test.shuffle value, empty for source order.
	Shuffle string
	// FailFast stops the process after its first failed test.
	FailFast bool
	// Count replaces the -test.count value if it is positive.
	Count int
	// LastCPU leaves only the last of the -test.cpu list, if there is one.
	LastCPU bool
	// Timeout is the -test.timeout value such as "10m0s".
	Timeout string
	// CoverProfile, CoverDir and TestLog are the files and the folder that the
	// process writes, empty for none.
	CoverProfile, CoverDir, TestLog string
	// Artifacts is the folder for t.ArtifactDir, empty for temporary ones. Relative names of other
	// files would be relative to it.
	Artifacts string
}

// Args returns the arguments of one process of the binary.
func (b *BinaryArgs) Args(p Process) []string {
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, "-test."+name+"="+value)
		}
	}
	add("testlogfile", p.TestLog)
	// Whatever else the user asked for: under "go test -json -v" the go command
	// passes -test.v=true behind -test.v=test2json, which unmarks the framing.
	add("v", "test2json")
	add("gocoverdir", p.CoverDir)
	add("timeout", cmp.Or(b.Timeout, p.Timeout))
	switch {
	case p.Count > 0:
		add("count", strconv.Itoa(p.Count))
	case b.countSet:
		add("count", strconv.Itoa(b.Count))
	}
	add("run", p.Run)
	add("skip", p.Skip)
	add("shuffle", p.Shuffle)
	add("coverprofile", p.CoverProfile)
	if p.Artifacts != "" {
		add("artifacts", "true")
		add("outputdir", p.Artifacts)
	}
	if p.FailFast {
		add("failfast", "true")
	}
	kept := b.kept
	if p.LastCPU && b.CPUs > 1 {
		kept = b.withLastCPU()
	}
	return append(append(args, kept...), b.tail...)
}

// withLastCPU returns the flags kept with the last of the -test.cpu list alone.
func (b *BinaryArgs) withLastCPU() []string {
	kept := slices.Clone(b.kept)
	for i, arg := range kept {
		if strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.cpu=") {
			kept[i] = "-test.cpu=" + b.lastCPU
		}
	}
	return kept
}

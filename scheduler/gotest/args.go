package gotest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultTimeout is go test's own limit for one test binary.
const DefaultTimeout = 10 * time.Minute

// Args is what cohort needs to know of the arguments of a `go test` command.
// The zero value is a command without arguments.
type Args struct {
	// PassThrough names the argument for which the run must be left to the go
	// command alone (-bench, -c, ...). Empty if test binaries can be scheduled.
	PassThrough string

	// Exec holds the words of the user's own -exec flag, nil without one.
	Exec []string
	// Toolexec holds the words of the user's own -toolexec flag, nil without one.
	Toolexec []string
	// P is the value of -p, 0 if not given.
	P int
	// Timeout is the value of -timeout: [DefaultTimeout] if not given, 0 for none.
	Timeout time.Duration
	// Shuffle is the value of go test's own -shuffle, empty if not given.
	Shuffle string
	// Run and Skip are the values of -run and -skip, empty if not given.
	Run, Skip string
	// FailFast reports whether -failfast was given.
	FailFast bool
	// Cover reports whether coverage was asked for in any form.
	Cover bool
	// CoverOff reports that the last -cover is -cover=false: then no binary counts, whatever else is
	// asked of coverage.
	CoverOff bool
	// CoverMode is the value of -covermode, or what go test takes without one:
	// set, or atomic with -race.
	CoverMode string
	// CoverProfile and OutputDir are the values of -coverprofile and -outputdir, empty if not
	// given.
	CoverProfile, OutputDir string
	// Artifacts reports whether -artifacts was given.
	Artifacts bool
	// Race, Msan and Asan report the sanitizer flags.
	Race, Msan, Asan bool
	// Short reports whether -short was given.
	Short bool
	// Tags are the words of -tags.
	Tags []string
	// Count is the value of -count, 0 if not given.
	Count int
	// Rebuild and Work report whether -a and -work were given.
	Rebuild, Work bool
	// Dir is the value of -C, empty if not given.
	Dir string
	// Packages are the package patterns, empty for the current directory.
	Packages []string

	// Program are the words that start what runs in the place of the go command, nil for "go". It
	// is not an argument: whoever has parsed the arguments sets it.
	Program []string

	// known are the go command's flags less those that cohort gives itself,
	// unknown is what goes to the test binary, up to and without tail, which
	// begins with -args or the first word that cannot be a flag or package, or
	// is a flag that lacks its value.
	known   []knownFlag
	unknown []string
	tail    []string
}

// knownFlag is a flag of the go command as the user wrote it, in one word or two.
type knownFlag struct {
	name  string
	words []string
}

// ParseArgs reads the arguments of a go test command (without "go" and
// "test"), preceded by the flags in the environment's GOFLAGS. It keeps to the
// go command's own rules (cmd/go's testFlags): a flag that go test does not
// know ends the package list, and -args ends everything. Arguments that the go
// command will refuse are not errors here: it says so itself.
func ParseArgs(args []string, env []string) (*Args, error) {
	a := &Args{Timeout: DefaultTimeout}
	flags := goflags(env)
	words, err := splitQuoted(flags)
	if err != nil {
		return nil, fmt.Errorf("GOFLAGS %q: %w", flags, err)
	}
	for _, word := range words {
		name, value, hasValue, kind := lookupFlag(word)
		if err := a.set(name, value, hasValue, kind); err != nil {
			return nil, fmt.Errorf("GOFLAGS: %w", err)
		}
	}
	if err := a.parse(args); err != nil {
		return nil, err
	}
	if word := helpWord(a.tail); word != "" && a.PassThrough == "" {
		a.PassThrough = word
	}
	if a.CoverMode == "" {
		a.CoverMode = "set"
		if a.Race {
			a.CoverMode = "atomic"
		}
	}
	if foreign := foreignTarget(env); foreign != "" && a.Exec == nil && a.PassThrough == "" {
		a.PassThrough = foreign
	}
	return a, nil
}

// parse walks the command line as cmd/go does.
func (a *Args) parse(args []string) error {
	var inPackages, packagesDone, afterUnknown bool
	for i := 0; i < len(args); i++ {
		arg := args[i]
		wasAfterUnknown := afterUnknown
		afterUnknown = false
		if arg == "--" || arg == "-args" || arg == "--args" {
			a.tail = args[i:]
			return nil
		}
		if !isFlag(arg) {
			switch {
			case !packagesDone || inPackages:
				inPackages, packagesDone = true, true
				a.Packages = append(a.Packages, arg)
			case wasAfterUnknown: // it may be that flag's value
				a.unknown = append(a.unknown, arg)
			default:
				a.tail = args[i:]
				return nil
			}
			continue
		}
		inPackages = false
		name, value, hasValue, kind := lookupFlag(arg)
		if kind == flagUnknown {
			packagesDone, afterUnknown = true, !hasValue
			a.unknown = append(a.unknown, arg)
			if name == "h" || name == "help" {
				a.PassThrough = arg
			}
			continue
		}
		words := args[i : i+1]
		if kind == flagValue && !hasValue && i+1 == len(args) {
			a.tail = args[i:] // the go command is to complain, so nothing may follow
			return nil
		}
		if kind == flagValue && !hasValue {
			value, hasValue = args[i+1], true
			words = args[i : i+2]
			i++
		}
		if err := a.set(name, value, hasValue, kind); err != nil {
			return err
		}
		if !slices.Contains(ownFlags, name) {
			a.known = append(a.known, knownFlag{name, words})
		}
	}
	return nil
}

// helpWord returns the word among those for the test binary that makes it print its flags and
// exit 0 without running anything, as a package's flags do unless its TestMain reads them: go
// test calls that a pass. It is "" if there is none.
func helpWord(tail []string) string {
	for _, word := range tail {
		switch word {
		case "-h", "--h", "-help", "--help":
			return word
		}
	}
	return ""
}

// ownFlags are those that Command gives itself.
var ownFlags = []string{"exec", "p", "timeout", "json", "C"}

// set notes one flag of the go command.
func (a *Args) set(name, value string, hasValue bool, kind flagKind) error {
	on := !hasValue
	if kind == flagBool && hasValue {
		b, err := strconv.ParseBool(value)
		on = err == nil && b
	}
	switch {
	case kind == flagUnknown:
		return nil
	case passThroughFlag(name, value, on):
		a.PassThrough = "-" + name
		return nil
	}
	switch name {
	case "exec":
		words, err := splitQuoted(value)
		if err != nil {
			return fmt.Errorf("-exec %q: %w", value, err)
		}
		a.Exec = words
	case "toolexec":
		words, err := splitQuoted(value)
		if err != nil {
			return fmt.Errorf("-toolexec %q: %w", value, err)
		}
		a.Toolexec = words
	case "p":
		a.P, _ = strconv.Atoi(value) // a wrong value is the go command's to refuse
		if a.P <= 0 {
			a.PassThrough = "-p=" + value
		}
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil {
			a.PassThrough = "-timeout=" + value
			return nil
		}
		a.Timeout = max(d, 0)
	case "json":
		if hasValue && !on {
			a.PassThrough = "-json=" + value
		}
	case "shuffle":
		a.Shuffle = value
	case "run":
		a.Run = value
	case "skip":
		a.Skip = value
	case "failfast":
		a.FailFast = on
	case "cover":
		a.Cover, a.CoverOff = a.Cover || on, !on
	case "covermode":
		a.Cover, a.CoverMode = true, value
	case "coverpkg":
		a.Cover = true
	case "coverprofile":
		a.Cover, a.CoverProfile = true, value
	case "outputdir":
		a.OutputDir = value
	case "artifacts":
		a.Artifacts = on
	case "a":
		a.Rebuild = on
	case "work":
		a.Work = on
	case "race":
		a.Race = on
	case "msan":
		a.Msan = on
	case "asan":
		a.Asan = on
	case "short":
		a.Short = on
	case "tags":
		a.Tags = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	case "count":
		a.Count, _ = strconv.Atoi(value) // as for -p
	case "C":
		a.Dir = value
	}
	return nil
}

// passThroughFlag reports whether a flag asks for something that is one
// indivisible run: benchmarks, fuzzing, profiles, listings, binaries to keep.
func passThroughFlag(name, value string, on bool) bool {
	switch name {
	case "bench", "fuzz", "list", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace", "o":
		return value != ""
	case "c", "n", "x":
		return on
	}
	return false
}

// foreignTarget names the environment setting that makes go build for another
// machine than this one; such a binary cannot be started here.
func foreignTarget(env []string) string {
	for _, kv := range env {
		key, value, _ := strings.Cut(kv, "=")
		if (key == "GOOS" && value != "" && value != runtime.GOOS) ||
			(key == "GOARCH" && value != "" && value != runtime.GOARCH) {
			return kv
		}
	}
	return ""
}

// goflags returns GOFLAGS.
func goflags(env []string) string { return GoEnv(env, "GOFLAGS") }

// GoEnv returns a setting of the go command's: the environment's, or else the
// one that `go env -w` stored, or "".
func GoEnv(env []string, name string) string {
	value, envFile := "", ""
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			value = v
		}
		if v, ok := strings.CutPrefix(kv, "GOENV="); ok {
			envFile = v
		}
	}
	if value == "" && envFile != "off" {
		return storedGoEnv(envFile, name)
	}
	return value
}

// storedGoEnv reads a setting from the file of `go env -w`. A file that cannot
// be read counts as empty, as it does for the go command.
func storedGoEnv(file, name string) string {
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		file = filepath.Join(dir, "go", "env")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	value := ""
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = v
		}
	}
	return value
}

// Many reports whether the patterns may name more than one package.
func (a *Args) Many() bool {
	files := strings.HasSuffix(strings.Join(a.Packages, ""), ".go")
	return len(a.Packages) > 1 && !files || slices.ContainsFunc(a.Packages, func(p string) bool { return strings.Contains(p, "...") })
}

package gotest

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/gotest/reentry"
)

// CommandOptions says how cohort places itself inside a go test command.
type CommandOptions struct {
	// Self is the absolute path of the cohort program.
	Self string
	// Workers is the number of packages that may be under way at a time: as many as test processes,
	// at least.
	Workers int
	// Toolexec holds [ToolCommand] and its flags for the link cache, separated by
	// spaces. Empty: the go command starts its tools itself.
	Toolexec string
	// Seed is passed on as -shuffle=Seed if the user chose it, so that the go
	// command prints it and leaves its result cache alone, as for its own flag.
	Seed string
	// Modes are cohort's own settings that can change what a test finds before it,
	// like --dist, other than the default; in a fixed order.
	Modes []string
}

// Command returns the words of the command to run, those of the go command first. The -exec value
// takes part in the go command's cache key, so it holds nothing that changes
// from run to run; it does hold a timeout other than the default, so that a
// result that passed under a longer limit is not taken for one under a shorter,
// and what the user's -exec and o.Modes are, for the same reason.
func (a *Args) Command(o CommandOptions) ([]string, error) {
	exec := []string{o.Self, ExecTestCommand}
	if a.Timeout != DefaultTimeout {
		exec = append(exec, reentry.TimeoutFlag+a.Timeout.String())
	}
	if key := append(slices.Clone(o.Modes), a.Exec...); len(key) > 0 {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", key))
		exec = append(exec, fmt.Sprintf("%s%x", reentry.CacheKeyFlag, sum[:8]))
	}
	quoted, err := QuoteWords(exec...)
	if err != nil {
		return nil, fmt.Errorf("place cohort in go test's -exec flag: %w", err)
	}
	words := append(a.program(), "test")
	if a.Dir != "" {
		words = append(words, "-C="+a.Dir) // the go command wants it first
	}
	words = append(words, "-json", "-exec="+quoted)
	toolexec := a.toolexec(o)
	words = append(words, toolexec...)
	// Below the number of workers, a worker would wait for a package slot of
	// the go command.
	switch {
	case a.P > 0:
		words = append(words, "-p="+strconv.Itoa(max(a.P, o.Workers)))
	case o.Workers > runtime.GOMAXPROCS(0):
		words = append(words, "-p="+strconv.Itoa(o.Workers))
	}
	// Each test process gets the user's limit; the go command's own clock
	// would also count the time a package waits for a worker.
	words = append(words, "-timeout=0")
	if o.Seed != "" && a.Shuffle == "" {
		words = append(words, "-shuffle="+o.Seed)
	}
	if toolexec != nil {
		words = append(words, a.flags("toolexec")...)
	} else {
		words = append(words, a.flags()...)
	}
	words = append(words, a.Packages...)
	return append(words, a.rest()...), nil
}

// program returns the words that start the go command. The caller may append to them.
func (a *Args) program() []string {
	if a.Program == nil {
		return []string{"go"}
	}
	return slices.Clone(a.Program)
}

// toolexec returns the -toolexec flag with which the go command starts its tools through exec-tool,
// so that they take turns ([Builds]) and the link cache can answer; nil where it cannot. The user's
// own words stand before the tool as they did.
//
// The go command keeps neither the flag's value nor a trace of it in its caches' keys: all that
// counts there is what the tools answer to -V=full, and exec-tool passes that on unchanged.
func (a *Args) toolexec(o CommandOptions) []string {
	if o.Toolexec == "" || !WrapsTools(runtime.GOOS) {
		return nil
	}
	words := append([]string{o.Self}, strings.Fields(o.Toolexec)...)
	if len(a.Toolexec) > 0 {
		words = append(words, reentry.AfterFlag+strconv.Itoa(len(a.Toolexec)))
		words = append(words, a.Toolexec...)
	}
	value, err := QuoteWords(words...)
	if err != nil {
		return nil // the user's words cannot be quoted, so they stay as they are
	}
	return []string{"-toolexec=" + value}
}

// WrapsTools reports whether the go command can start its tools through exec-tool on a system. It
// cannot on Windows: it puts the long argument lists of its tools into files, as Windows needs from
// 32 KB on, but only when it starts the tools itself (useResponseFile in
// cmd/go/internal/work/exec.go). With any -toolexec a package of many files no longer compiles
// there. This can go when the go command does it for wrapped tools.
func WrapsTools(goos string) bool { return goos != "windows" }

// rest returns what the test binary gets. Its words stood behind flags that now
// come earlier, so the first of them could be read as a package, or as the value
// of an unknown flag: -args says that it is neither.
func (a *Args) rest() []string {
	words := slices.Clone(a.unknown)
	if len(a.tail) > 0 && a.tail[0] != "--" && !isFlag(a.tail[0]) {
		words = append(words, "-args")
	}
	return append(words, a.tail...)
}

// flags returns the go command's flags less those named, as the user wrote them.
func (a *Args) flags(except ...string) []string {
	var words []string
	for _, f := range a.known {
		if !slices.Contains(except, f.name) {
			words = append(words, f.words...)
		}
	}
	return words
}

// Plain returns a go test command without cohort: for one package, with these
// patterns and this value for -shuffle ("" for none), and the user's other flags.
func (a *Args) Plain(pkg string, p Patterns, shuffle string, failFast bool) []string {
	words := []string{"go", "test"}
	if a.Dir != "" {
		words = append(words, "-C="+a.Dir)
	}
	without := []string{"run", "shuffle", "failfast", "coverprofile", "toolexec", "v"}
	if p.Skip != a.Skip {
		without = append(without, "skip")
	}
	words = append(words, a.flags(without...)...)
	if a.Timeout != DefaultTimeout {
		words = append(words, "-timeout="+a.Timeout.String())
	}
	if a.Exec != nil {
		if exec, err := QuoteWords(a.Exec...); err == nil { // it came from such a string
			words = append(words, "-exec="+exec)
		}
	}
	if p.Run != "" {
		words = append(words, "-run", p.Run)
	}
	switch {
	case p.Skip == a.Skip: // the user's own is there
	case p.Skip != "":
		words = append(words, "-skip", p.Skip)
	default:
		words = append(words, "-skip=") // GOFLAGS may have one
	}
	if shuffle != "" {
		words = append(words, "-shuffle="+shuffle)
	}
	if failFast {
		words = append(words, "-failfast")
	}
	packages := []string{pkg}
	if pkg == "command-line-arguments" {
		packages = a.Packages // files
	}
	words = append(words, packages...)
	return append(words, a.rest()...)
}

// Again returns the command of [Args.Plain] as one that runs the tests even if the go command knows
// their result: with -count=1, unless the user has set a count, or a -shuffle does the same.
func (a *Args) Again(pkg string, p Patterns, shuffle string, failFast bool) []string {
	words := a.Plain(pkg, p, shuffle, failFast)
	if a.Count != 0 || shuffle != "" {
		return words
	}
	at := 2 // behind go test
	if a.Dir != "" {
		at++ // the go command wants -C first
	}
	return slices.Insert(words, at, "-count=1")
}

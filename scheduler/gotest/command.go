package gotest

import (
	"fmt"
	"runtime"
	"strconv"
)

// CommandOptions says how cohort places itself inside a go test command.
type CommandOptions struct {
	// Self is the absolute path of the cohort program.
	Self string
	// Workers is the number of test processes that may run at a time.
	Workers int
	// Toolexec is the value of a -toolexec flag of cohort's own, empty for none.
	Toolexec string
	// Seed is passed on as -shuffle=Seed if the user chose it, so that the go
	// command prints it and leaves its result cache alone, as for its own flag.
	Seed string
}

// Command returns the words of the command to run, "go" first. The -exec value
// takes part in the go command's cache key, so it holds nothing that changes
// from run to run; it does hold a timeout other than the default, so that a
// result that passed under a longer limit is not taken for one under a shorter.
func (a *Args) Command(o CommandOptions) ([]string, error) {
	exec := []string{o.Self, ExecTestCommand}
	if a.Timeout != DefaultTimeout {
		exec = append(exec, "-timeout="+a.Timeout.String())
	}
	quoted, err := QuoteWords(exec...)
	if err != nil {
		return nil, fmt.Errorf("place cohort in go test's -exec flag: %w", err)
	}
	words := []string{"go", "test"}
	if a.Dir != "" {
		words = append(words, "-C="+a.Dir) // the go command wants it first
	}
	words = append(words, "-json", "-exec="+quoted)
	if o.Toolexec != "" && !a.Toolexec {
		words = append(words, "-toolexec="+o.Toolexec)
	}
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
	return append(words, a.rest...), nil
}

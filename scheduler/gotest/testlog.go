package gotest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// testlogHeader begins each log of the files and variables that tests read.
const testlogHeader = "# test log\n"

// ReadVariable reports whether the logs of a binary's processes say that its tests have read one of
// the variables, or do not say whether they have.
func ReadVariable(logs, names []string) bool {
	if len(names) == 0 {
		return false
	}
	for _, log := range logs {
		data, err := os.ReadFile(log)
		if err != nil {
			return true
		}
		if slices.ContainsFunc(LoggedVariables(data), func(name string) bool { return slices.Contains(names, name) }) {
			return true
		}
	}
	return false
}

// LoggedVariables returns the names of the environment variables that tests have read, by a log of the
// testing package, in its order.
func LoggedVariables(log []byte) (names []string) {
	for line := range bytes.Lines(log) {
		if name, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("getenv ")); ok {
			names = append(names, string(name))
		}
	}
	return names
}

// WriteTestLog joins the logs of a binary's processes to the one that the go
// command looks for beside binary, so that it stores the result in its cache.
// Call it only for a run that passed whole, at the first attempt: the log is
// what makes the go command take the result for repeatable. An incomplete log
// is an error, and none is written. The inputs are files on which the result depends too.
func WriteTestLog(binary, dir string, logs, inputs []string) error {
	var all bytes.Buffer
	all.WriteString(testlogHeader)
	left := false // a process has changed its directory
	for _, log := range logs {
		data, err := os.ReadFile(log)
		if err != nil {
			return fmt.Errorf("read test log: %w", err)
		}
		entries, ok := bytes.CutPrefix(data, []byte(testlogHeader))
		if !ok || (len(entries) > 0 && entries[len(entries)-1] != '\n') {
			return fmt.Errorf("test log %s is not complete", log)
		}
		// Each process began in the package's directory. Only if one before it in
		// the log has left it is that said: the go command then takes the time of
		// the directory for an input, which any new file in it changes.
		if left {
			fmt.Fprintf(&all, "chdir %s\n", dir)
			left = false
		}
		for line := range bytes.Lines(entries) {
			// t.TempDir asks for it. The go command would hash its own value,
			// a directory that cohort makes anew for each run, and never find
			// the result again. The tests saw the user's value, which only
			// says where temporary files are.
			if string(line) != "getenv GOTMPDIR\n" {
				all.Write(line)
			}
			left = left || bytes.HasPrefix(line, []byte("chdir "))
		}
	}
	for _, file := range inputs {
		fmt.Fprintf(&all, "open %s\n", file)
	}
	name := filepath.Join(filepath.Dir(binary), "testlog.txt")
	if err := os.WriteFile(name, all.Bytes(), 0o600); err != nil {
		// The go command would believe what has been written of it.
		if rmErr := os.Remove(name); !errors.Is(rmErr, fs.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
		return fmt.Errorf("write test log: %w", err)
	}
	return nil
}

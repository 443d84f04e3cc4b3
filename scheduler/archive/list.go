package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// listed is a package as go list -json prints it.
type listed struct {
	ImportPath                         string
	Dir                                string       `json:",omitempty"`
	GoFiles, TestGoFiles, XTestGoFiles []string     `json:",omitempty"`
	Module                             *module      `json:",omitempty"`
	Error                              *listedError `json:",omitempty"`
}

type module struct{ Main bool }

type listedError struct{ Err string }

// list is go list -e -json for the packages behind "--". Which fields are asked for does not matter:
// it prints what it knows.
func (e *Extracted) list(words []string, stdout io.Writer) error {
	i := slices.Index(words, "--")
	if i < 0 || !slices.Contains(words[:i], "-e") {
		return fmt.Errorf("go list: an archive answers -e -json, and packages behind --")
	}
	out := json.NewEncoder(stdout)
	names := words[i+1:]
	numbers, err := e.Match(e.SourceFolder(), names)
	if err == nil {
		return e.printAll(out, numbers)
	}
	for _, name := range names { // one by one: some are not there
		numbers, err := e.Match(e.SourceFolder(), []string{name})
		if err != nil {
			if err := out.Encode(listed{ImportPath: name, Error: &listedError{err.Error()}}); err != nil {
				return err
			}
			continue
		}
		if err := e.printAll(out, numbers); err != nil {
			return err
		}
	}
	return nil
}

func (e *Extracted) printAll(out *json.Encoder, numbers []int) error {
	for _, n := range numbers {
		p := e.Packages[n]
		err := out.Encode(listed{
			ImportPath: p.ImportPath, Dir: e.path(p.Dir), GoFiles: p.Files, TestGoFiles: p.Internal, XTestGoFiles: p.External,
			Module: &module{p.Main},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

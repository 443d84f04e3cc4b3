package main

import (
	"bytes"
	"fmt"
)

// large adds the package large, whose test binary has 50 MB, most of it code with its symbols and debug information as in
// a large application, and takes 60 ms to start, as such an application's package variables do.
func (m *module) large() {
	const packages, functions = 24, 600
	var imports, uses bytes.Buffer
	for p := range packages {
		name := fmt.Sprintf("part%02d", p)
		m.file("large/"+name+"/"+name+".go", part(name, functions))
		fmt.Fprintf(&imports, "\t\"example.com/rerun/large/%s\"\n", name)
		fmt.Fprintf(&uses, "\t%s.All,\n", name)
	}
	m.file("large/large.go", fmt.Appendf(nil, largeSource, imports.String(), uses.String()))
	m.file("large/large_test.go", []byte(flakySource))
}

// part returns a package of functions that the linker cannot leave out.
func part(name string, functions int) []byte {
	var text, all bytes.Buffer
	fmt.Fprintf(&text, "// Package %s is a part.\npackage %s\n\nimport (\n\t\"errors\"\n\t\"fmt\"\n\t\"strings\"\n)\n", name, name)
	for i := range functions {
		fmt.Fprintf(&text, partSource, i)
		fmt.Fprintf(&all, "\tWork%03d,\n", i)
	}
	fmt.Fprintf(&text, "\n// All are the functions of the package.\nvar All = []func(map[string]int) (string, error){\n%s}\n", all.String())
	return text.Bytes()
}

const partSource = `
type record%03[1]d struct {
	name  string
	count int
	next  *record%03[1]d
}

func (r *record%03[1]d) String() string { return fmt.Sprintf("%%s: %%d", r.name, r.count) }

// Work%03[1]d does some work.
func Work%03[1]d(in map[string]int) (string, error) {
	var first *record%03[1]d
	for name, count := range in {
		if count < %[1]d {
			return "", fmt.Errorf("work %[1]d: %%s has %%d", name, count)
		}
		first = &record%03[1]d{strings.ToUpper(name), count * %[1]d, first}
	}
	if first == nil {
		return "", errors.New("work %[1]d: nothing to do")
	}
	var out strings.Builder
	for r := first; r != nil; r = r.next {
		switch {
		case strings.HasPrefix(r.name, "A"):
			fmt.Fprintf(&out, "%%v, ", r)
		case strings.Contains(r.name, "B"):
			fmt.Fprintln(&out, r.name, r.count)
		default:
			out.WriteString(strings.Repeat(r.name, r.count))
		}
	}
	return out.String(), nil
}
`

const largeSource = `// Package large is large, and slow to start.
package large

import (
	_ "go/types"
	_ "net/http"
	"time"

%s)

// Parts are all functions of all parts.
var Parts = [][]func(map[string]int) (string, error){
%s}

// Spun is how often a loop went round in 60 ms.
var Spun = spin()

func spin() (n int) {
	for start := time.Now(); time.Since(start) < 60*time.Millisecond; {
		n++
	}
	return n
}
`

// flakySource fails the first time and passes the second.
const flakySource = `package large

import (
	"fmt"
	"os"
	"testing"
	"time"
)

func TestFlaky(t *testing.T) {
	path := os.Getenv("BENCH_MARKS")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(file, time.Now().UnixNano())
	if len(before) == 0 {
		t.Error("the first time")
	}
}

func TestOther(t *testing.T) {}
`

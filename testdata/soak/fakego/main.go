// Command fakego stands in for the go command in the soak: `go test` without
// building anything. For each package of the plan that SOAK_PLAN names it does
// what the go command does after the link: it starts the -exec command with the
// test binary in the package's directory, and passes its output through the go
// distribution's own test2json.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// A Plan is what `go test` would have found and built.
type Plan struct {
	Test2JSON string
	Packages  []struct {
		Path     string
		Dir      string
		Work     string // will be made
		Binary   string
		Testmain string
	}
}

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "fakego:", err)
		code = 2
	}
	os.Exit(code)
}

func run(args []string) (int, error) {
	data, err := os.ReadFile(os.Getenv("SOAK_PLAN"))
	if err != nil {
		return 0, err
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return 0, err
	}
	c := &command{parallel: runtime.GOMAXPROCS(0), args: []string{"-test.paniconexit0"}}
	for _, arg := range args[1:] {
		if err := c.flag(arg); err != nil {
			return 0, err
		}
	}
	slots := make(chan bool, c.parallel)
	var wg sync.WaitGroup
	for _, pkg := range p.Packages {
		slots <- true
		wg.Go(func() {
			c.note(c.test(p.Test2JSON, pkg.Path, pkg.Dir, pkg.Work, pkg.Binary, pkg.Testmain))
			<-slots
		})
	}
	wg.Wait()
	return c.code, c.err
}

type command struct {
	exec, args []string
	parallel   int

	mu   sync.Mutex
	code int
	err  error
}

// flag takes a word such as -count=2.
func (c *command) flag(arg string) error {
	name, value, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
	switch name {
	case "exec":
		c.exec = strings.Fields(value)
	case "p":
		n, err := strconv.Atoi(value)
		c.parallel = n
		return err
	case "json", "toolexec", "timeout", "./...":
	case "run", "skip", "count", "shuffle", "failfast", "parallel":
		c.args = append(c.args, "-test."+strings.TrimPrefix(arg, "-"))
	default:
		return fmt.Errorf("unknown argument %q", arg)
	}
	return nil
}

// test runs one package.
func (c *command) test(test2json, path, dir, work, binary, testmain string) (err error) {
	if err := os.Mkdir(work, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	own := filepath.Join(work, filepath.Base(binary))
	if err := os.Link(binary, own); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "_testmain.go"), []byte(testmain), 0o600); err != nil {
		return err
	}
	words := append([]string{"-t", "-p", path}, c.exec...)
	cmd := exec.Command(test2json, append(append(words, own), c.args...)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return errors.Join(c.copy(out), cmd.Wait())
}

// copy copies whole lines.
func (c *command) copy(from io.Reader) error {
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		c.mu.Lock()
		_, werr := os.Stdout.Write(line)
		c.mu.Unlock()
		if err == io.EOF {
			return werr
		}
		if err != nil || werr != nil {
			return errors.Join(err, werr)
		}
	}
}

// note takes a package's result.
func (c *command) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		c.code = 1
	} else if err != nil {
		c.code, c.err = 2, errors.Join(c.err, err)
	}
}

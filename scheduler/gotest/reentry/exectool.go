package reentry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// The flags of exec-tool, which come before the tool.
const (
	// LinkCacheFlag allows the link cache to answer for the linker.
	LinkCacheFlag = "-links"
	// StandInFlag allows it to leave stand-ins for test binaries: exec-test will run what is
	// linked.
	StandInFlag = "-stand-in"
	// AfterFlag and a number say that the tool is that many words further on: before it stand the
	// words of the user's own -toolexec.
	AfterFlag = "-after="
)

// usageError is the exit code for a command line that is wrong, as everywhere in cohort.
const usageError = 3

// A Linker answers for the linker out of a cache, or reports false: then it has done nothing. argv
// is the linker and its arguments, env its environment. standIn allows a stand-in in the place of a
// test binary. run runs a linker in its turn, and returns its exit code and whether it printed
// nothing.
type Linker func(argv, env []string, standIn bool, run func(argv, env []string) (code int, silent bool)) (code int, ok bool)

// A tool is the call of one of the go command's tools.
type tool struct {
	argv           []string // the tool and its arguments, with the user's own -toolexec before it
	after          int      // the place of the tool in argv
	env            []string
	links, standIn bool      // the flags
	stdout, stderr io.Writer // the go command reads both as the tool's words
}

// name returns the tool's name, as in "go tool NAME".
func (t *tool) name() string {
	path := t.argv[t.after]
	return strings.TrimSuffix(path[strings.LastIndexByte(path, os.PathSeparator)+1:], ".exe")
}

// question reports whether the call only asks for the tool's version, for the go command's keys.
func (t *tool) question() bool {
	rest := t.argv[t.after+1:]
	return len(rest) > 0 && strings.HasPrefix(rest[0], "-V")
}

// way says how a tool is started.
type way uint8

const (
	free     way = iota // at once, in the place of exec-tool
	inPlace             // in its turn, in the place of exec-tool: the tool inherits the turn
	asChild             // in its turn, as a child of exec-tool, which keeps the turn
	fromLink            // the link cache may have the output; if not, asChild
)

// way decides how the tool is started. Those that build take turns. The others (vet, cover,
// buildid, ...) and questions do not: what they need is little.
func (t *tool) way() way {
	if t.question() {
		return free
	}
	switch name := t.name(); {
	case name == "link" && t.links && t.after == 0:
		return fromLink
	case name == "link", name == "cgo":
		// These start C compilers, which may leave a server behind (a compiler cache, say). It
		// would inherit the turn for as long as it lives.
		return asChild
	case name == "compile", name == "asm":
		if t.after > 0 {
			return asChild // nobody knows what the user's wrapper starts
		}
		return inPlace
	}
	return free
}

// ExecTool is the `cohort exec-tool` command, which the go command starts in place of each of its
// tools. args are the words after "exec-tool": its own flags, the tool, the tool's arguments. It
// returns the exit code; on Unix most tools replace this process, and ExecTool does not return. The
// go command gives its tools no input, so there is no stdin.
//
// ExecTool prints nothing of its own to stdout, and to stderr only when a tool cannot be started.
func ExecTool(args, env []string, stdout, stderr io.Writer, link Linker) int {
	t := &tool{env: env, stdout: stdout, stderr: stderr}
	if err := t.parse(args); err != nil {
		return t.report(usageError, err)
	}
	switch t.way() {
	case free:
		return t.replace()
	case inPlace:
		askToInherit(t.env, t.name())
		return t.replace()
	case fromLink:
		if code, ok := link(t.argv, t.env, t.standIn, t.run); ok {
			return code
		}
	case asChild:
	}
	code, _ := t.run(t.argv, t.env)
	return code
}

func (t *tool) parse(args []string) error {
	for ; len(args) > 0 && strings.HasPrefix(args[0], "-"); args = args[1:] {
		flag := args[0]
		after, ok := strings.CutPrefix(flag, AfterFlag)
		switch {
		case flag == LinkCacheFlag:
			t.links = true
		case flag == StandInFlag:
			t.standIn = true
		case ok:
			n, err := strconv.Atoi(after)
			if err != nil || n < 0 {
				return fmt.Errorf("%s: want a number", flag)
			}
			t.after = n
		default:
			return fmt.Errorf("unknown flag %s", flag)
		}
	}
	if len(args) <= t.after {
		return errors.New("want a tool and its arguments (the go command calls this, by -toolexec)")
	}
	t.argv = args
	return nil
}

// run runs argv as a child, in its turn, and returns its exit code and whether it printed nothing.
// The child stays in this process's group, where a signal for the go command and its tools reaches
// both.
func (t *tool) run(argv, env []string) (code int, silent bool) {
	end := begin(t.env, t.name())
	defer end()
	code, silent, err := t.start(argv, env)
	if err != nil {
		return t.report(1, fmt.Errorf("%s: %w", argv[0], err)), false
	}
	return code, silent
}

// start is what os/exec would do. That package would have to be initialised.
func (t *tool) start(argv, env []string) (code int, silent bool, err error) {
	path, err := lookPath(argv[0], env)
	if err != nil {
		return 0, false, err
	}
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return 0, false, err
	}
	defer stdin.Close() //nolint:errcheck // it was only read
	stdout, err := newRelay(t.stdout)
	if err != nil {
		return 0, false, err
	}
	stderr, err := newRelay(t.stderr)
	if err != nil {
		return 0, false, errors.Join(err, stdout.end())
	}
	p, err := os.StartProcess(path, argv, &os.ProcAttr{Env: env, Files: []*os.File{stdin, stdout.in, stderr.in}})
	var state *os.ProcessState
	if err == nil {
		state, err = p.Wait()
	}
	if err := errors.Join(err, stdout.end(), stderr.end()); err != nil {
		return 0, false, err
	}
	if !state.Exited() {
		return 0, false, errors.New(state.String())
	}
	return state.ExitCode(), stdout.n+stderr.n == 0, nil
}

// A relay passes on what is written to its file and counts it.
type relay struct {
	in   *os.File
	n    int64
	err  error
	done chan struct{} // closed when all has been passed on
}

func newRelay(w io.Writer) (*relay, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	r := &relay{in: in, done: make(chan struct{})}
	go func() { // ends when all that have the file have closed it
		defer close(r.done)
		r.n, r.err = io.Copy(w, out)
		r.err = errors.Join(r.err, out.Close())
	}()
	return r, nil
}

// end closes this process's side and waits until all has been passed on.
func (r *relay) end() error {
	err := r.in.Close()
	<-r.done
	return errors.Join(err, r.err)
}

var errNotFound = errors.New("not found in PATH")

// lookPath returns the program that the word begins a command with, as a path.
func lookPath(word string, env []string) (string, error) {
	if strings.ContainsRune(word, os.PathSeparator) {
		return word, nil
	}
	var path string
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			path = v
		}
	}
	for dir := range strings.SplitSeq(path, string(os.PathListSeparator)) {
		file := dir + string(os.PathSeparator) + word
		if dir == "" {
			file = "." + file
		}
		if fi, err := os.Stat(file); err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", errNotFound
}

// report prints an error and returns code.
func (t *tool) report(code int, err error) int {
	// stderr is the last resort: there is nowhere to report that it cannot be written.
	_, _ = fmt.Fprintf(t.stderr, "cohort %s: %v\n", ExecToolCommand, err)
	return code
}

// begin waits for this tool's turn and returns what ends it. Where there is nobody to ask, or
// cohort ends meanwhile, the tool may start: the turns spare memory, nothing depends on them.
func begin(env []string, tool string) (end func()) {
	path, greeting, ok := ask(env, tool)
	if !ok {
		return func() {}
	}
	conn, err := dial(path)
	if err != nil {
		return func() {}
	}
	if _, err := conn.Write(greeting); err == nil {
		// The answer is one frame. An end of the connection is as good: cohort is gone.
		_, _ = conn.Read(make([]byte, frameHead))
	}
	// A close that fails leaves the turn to the end of this process.
	return func() { _ = conn.Close() }
}

// ask returns the socket and the frame that asks for a turn. It reports false without a cohort.
func ask(env []string, tool string) (path string, frame []byte, ok bool) {
	for _, kv := range env {
		address, found := strings.CutPrefix(kv, ExecEnv+"=")
		if !found {
			continue
		}
		var token string
		if token, path, ok = strings.Cut(address, "@"); ok {
			frame = appendFrame(nil, FrameBuild, Build{Token: token, Tool: tool}.Encode())
		}
	}
	return path, frame, ok
}

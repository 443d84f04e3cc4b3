package linkcache

import (
	"os"
	"slices"
	"strings"
)

// Link answers a call of the go command's linker (the linker and its arguments) from the cache, or
// runs it and keeps its output. It reports false, and has done nothing, if the call is not one to
// keep; then the linker is to be run as if this package did not exist. env is the environment, as
// from os.Environ, for the linker and for this package's own settings. standIn allows a stand-in in
// the place of a test binary. run runs the linker, and returns its exit code and whether it printed
// nothing.
func Link(argv, env []string, standIn bool, run func(argv, env []string) (code int, silent bool)) (code int, ok bool) {
	// A setting that is wrong was reported when cohort began; here it means no cache.
	c, err := FromEnv(env)
	if err != nil || c.Off() {
		return 0, false
	}
	r, ok := parseRequest(argv)
	if !ok {
		return 0, false
	}
	l := linking{request: r, env: env, standIn: standIn && isTestBinary(r.out), run: run}
	return l.link(newStore(c))
}

// A linking is a call of the linker that the cache may answer.
type linking struct {
	*request
	env     []string
	standIn bool // exec-test will run what is linked
	run     func(argv, env []string) (code int, silent bool)
}

// link answers the call from the store, or runs the linker and keeps its output.
func (l *linking) link(s *store) (code int, ok bool) {
	if l.standIn {
		l.keyed = append(l.keyed, standInKey) // the go command has been at these entries
	}
	k, err := makeKey(l.request, l.env, dynamicLinkers(""))
	if err != nil {
		return 0, false
	}
	get := s.copyTo
	if l.standIn {
		get = s.linkTo
	}
	if get(k, l.out) == nil {
		return 0, true
	}
	// Whatever the reason was, the linker makes the output; what it cannot do either, it reports.
	return l.runLink(s, k)
}

// runLink runs the linker and stores its output if it is one to keep: an executable made by the Go
// linker alone, without a word to the user.
func (l *linking) runLink(s *store, k key) (code int, ok bool) {
	// The linker writes to its temporary folder exactly when it calls the C linker, and leaves a
	// folder alone that was given to it: so what is in there afterwards tells which linker made the
	// output. The folder is made beside the output, in the go command's own work folder, which the
	// go command removes in any case.
	dir, err := os.MkdirTemp(folder(l.out), "cohort-link-")
	if err != nil {
		return 0, false
	}
	code, silent := l.run(append([]string{l.tool, "-tmpdir=" + dir}, l.args...), linkEnv(l.env))
	left, err := os.ReadDir(dir)
	keep := code == 0 && silent && err == nil && len(left) == 0
	// As above: the go command removes it if this does not.
	_ = os.RemoveAll(dir)
	switch {
	case keep && l.standIn:
		// Without the file there will be no entry, which is as good as a store that cannot take it
		// (full, read-only): the link itself is done.
		_ = os.WriteFile(l.out+keySuffix, []byte(k.String()), 0o600)
	case keep:
		_ = s.put(k, l.out)
	}
	return code, true
}

// linkEnv returns env with the linker's garbage collector off. The linker makes little garbage, and
// most of its memory is not in its heap: for binaries of 5 to 24 MB it takes 10 to 14% less CPU
// time so, and 13 to 16% more memory (go1.26, Linux on two cores). What it writes is the same. A
// user's own GOGC counts.
func linkEnv(env []string) []string {
	if lookup(env, "GOGC") != "" {
		return env
	}
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, "GOGC=") })
	return append(env, "GOGC=off")
}

package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gotestcohort/cohort/scheduler/remote"
	"github.com/gotestcohort/cohort/scheduler/testbin"
)

// Order is the payload of a Work: what an agent is to run.
type Order struct {
	// Binary is the sum of the test binary, Name what its file is called.
	Binary, Name string
	// Exec, Args and Env are the words before the binary, its arguments, and what the environment
	// of the agent's processes gets. A path that is the machine's own stands in them as \x00N\x00
	// for the Nth of Places.
	Exec, Args, Env []string
	// Dir is the working directory, from the module's root, with slashes.
	Dir string
	// Places are what the process writes.
	Places []Place `json:",omitempty"`
	// Inputs is the sum of what folders in Places hold before, as a stream; "" for nothing.
	Inputs string `json:",omitempty"`
	// KillAfter, WaitDelay and Grace are those of a testbin.Spec.
	KillAfter, WaitDelay, Grace time.Duration
	// Limits are those of a testbin.Spec too.
	Limits map[string]time.Duration `json:",omitempty"`
	// Needs are the set-ups of its worker, nil for none.
	Needs *Needs `json:",omitempty"`
	// Claim is what it is about.
	Claim remote.Claim
}

// Place is a file or a folder that a process writes.
type Place struct {
	Folder bool `json:",omitempty"`
	// Log reports that it is the log of what tests read.
	Log bool `json:",omitempty"`
}

// place is a Place with its path on this machine.
type place struct {
	Place
	path string
}

// written are the arguments of a test binary that name what it writes.
var written = []struct {
	flag string
	Place
}{
	{"testlogfile", Place{Log: true}}, {"coverprofile", Place{}}, {"gocoverdir", Place{Folder: true}}, {"outputdir", Place{Folder: true}},
}

// single are arguments of which go test says that they are of one package. Their files are relative
// to -test.outputdir or to the working directory.
var single = []string{"cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace", "fuzzcachedir"}

// own are the variables that a leader sets for each process. Those of COHORT_WORKER are the agent's.
var own = []string{"COHORT_RUN_ID", "COHORT_ATTEMPT", "COHORT_GROUP", "COHORT_PROBE", "GOCOVERDIR"}

// leaving is what has to be known of a leader to turn a process into an order.
type leaving struct {
	// root is the module's root, an absolute path.
	root string
	// names are the variables that tests on agents see, base is the leader's own environment: a
	// GOMAXPROCS that differs from it was set for the process.
	names, base []string
}

// order turns a process into an order without sums, and says which places of this machine its own
// stand for.
func (l leaving) order(spec testbin.Spec) (Order, []place, error) {
	o := Order{
		Name: filepath.Base(spec.Path), Exec: spec.Exec,
		KillAfter: spec.KillAfter, WaitDelay: spec.WaitDelay, Grace: spec.Grace, Limits: spec.Limits,
	}
	dir, err := filepath.Rel(l.root, spec.Dir)
	if err != nil || !filepath.IsLocal(dir) {
		return o, nil, fmt.Errorf("%s is not below the module's root %s: its tests cannot run on other machines", spec.Dir, l.root)
	}
	o.Dir = filepath.ToSlash(dir)
	o.Claim = claim(o.Dir, spec)
	var places []place
	flags := true
	for _, arg := range spec.Args {
		name, value, ok := strings.Cut(arg, "=")
		if flags = flags && strings.HasPrefix(arg, "-"); !flags {
			o.Args = append(o.Args, arg)
			continue
		}
		name, ours := strings.CutPrefix(strings.TrimPrefix(name, "-"), "-test.")
		if !ours {
			name, _ = strings.CutPrefix(strings.TrimPrefix(arg, "-"), "test.")
			name, _, _ = strings.Cut(name, "=")
		}
		if slices.Contains(single, name) {
			return o, nil, fmt.Errorf("-test.%s writes files of one machine: its tests cannot run on others", name)
		}
		for _, w := range written {
			if ok && name == w.flag && value != "" && strings.HasPrefix(strings.TrimLeft(arg, "-"), "test.") {
				if !filepath.IsAbs(value) {
					value = filepath.Join(spec.Dir, value)
				}
				arg = arg[:strings.Index(arg, "=")+1] + hole(len(places))
				places = append(places, place{w.Place, value})
			}
		}
		o.Args = append(o.Args, arg)
	}
	for _, p := range places {
		o.Places = append(o.Places, p.Place)
	}
	o.Env = l.environ(spec, places)
	return o, places, nil
}

// claim is what the process of a package's folder is about.
func claim(dir string, spec testbin.Spec) remote.Claim {
	c := remote.Claim{Package: dir, All: spec.Tests == nil, Part: spec.Part, Serial: spec.Serial}
	c.Tests = slices.Compact(slices.Sorted(slices.Values(spec.Tests)))
	c.Locks = slices.Sorted(slices.Values(spec.Locks))
	return c
}

// hole stands for a place.
func hole(n int) string { return "\x00" + strconv.Itoa(n) + "\x00" }

// environ is what of the process's environment goes along. Of several values of a variable that is the
// last one, which counts.
func (l leaving) environ(spec testbin.Spec, places []place) (out []string) {
	seen := make(map[string]bool)
	for _, kv := range slices.Backward(spec.Env) {
		name, value, _ := strings.Cut(kv, "=")
		set := name == "GOMAXPROCS" && !slices.Contains(l.base, kv)
		goes := set || slices.Contains(own, name) || slices.Contains(l.names, name) || slices.Contains(spec.Given, name)
		if !goes || seen[name] {
			continue
		}
		seen[name] = true
		for i, p := range places {
			if rest, ok := strings.CutPrefix(value, p.path); ok && (rest == "" || rest[0] == filepath.Separator) {
				value = hole(i) + filepath.ToSlash(rest)
				break
			}
		}
		if name == "GOCOVERDIR" && !strings.HasPrefix(value, "\x00") {
			continue // the go command's own, which is on this machine
		}
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// values are the last values of some variables of the process's environment.
func (l leaving) values(spec testbin.Spec, names []string) (out []string) {
	seen := make(map[string]bool)
	for _, kv := range slices.Backward(spec.Env) {
		name, _, _ := strings.Cut(kv, "=")
		if slices.Contains(names, name) && !seen[name] {
			seen[name] = true
			out = append(out, kv)
		}
	}
	slices.Sort(out)
	return out
}

// fill puts paths into the holes of words.
func fill(words, paths []string) ([]string, error) {
	out := make([]string, len(words))
	for i, word := range words {
		before, rest, ok := strings.Cut(word, "\x00")
		if !ok {
			out[i] = word
			continue
		}
		number, after, _ := strings.Cut(rest, "\x00")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(paths) || strings.Contains(after, "\x00") {
			return nil, fmt.Errorf("an order has a place %q, and %d places", number, len(paths))
		}
		out[i] = before + paths[n] + filepath.FromSlash(after)
	}
	return out, nil
}

// check returns an error for an order that no leader of this version gives.
func (o Order) check() error {
	switch {
	case !isSum(o.Binary):
		return fmt.Errorf("an order has no sum of its binary, but %q", o.Binary)
	case o.Name == "" || o.Name != filepath.Base(o.Name) || strings.ContainsAny(o.Name, "/\\\x00") || o.Name == "." || o.Name == "..":
		return fmt.Errorf("an order has a binary called %q", o.Name)
	case o.Inputs != "" && !isSum(o.Inputs):
		return fmt.Errorf("an order has inputs of the sum %q", o.Inputs)
	case o.Dir != "." && !filepath.IsLocal(filepath.FromSlash(o.Dir)):
		return fmt.Errorf("an order has the folder %q, which is not below the module's root", o.Dir)
	case o.Needs.check() != nil:
		return o.Needs.check()
	case len(o.Places) > 100:
		return errors.New("an order has too many places")
	}
	return nil
}

// isSum reports whether s is a SHA-256 in hexadecimal.
func isSum(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

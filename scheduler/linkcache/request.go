package linkcache

import (
	"strings"
)

// A request is one call of the linker that may be answered from the cache.
type request struct {
	tool      string   // the linker, as the go command named it
	args      []string // its arguments, complete
	out       string   // -o
	importcfg string   // -importcfg
	buildID   string   // -buildid
	extld     string   // -extld; empty: not given
	keyed     []string // the arguments that belong in the key: without the paths, which differ from run to run
}

// arity says what follows the name of a linker flag.
type arity uint8

const (
	unknown arity = iota // not a flag that can be answered from the cache
	boolean              // nothing, or =value
	value                // =value, or the next argument
)

// flagArity returns the arity of the linker flags whose only effect is on the output file. All others, among them those
// that print or write further files (-v, -dumpdep, -cpuprofile, -fipso) and those that read files which are not in the
// key (-linkshared, -libgcc, -L), are unknown: such a call always goes to the real linker.
func flagArity(name string) arity {
	switch name {
	case "s", "w", "race", "bindnow", "checklinkname", "compressdwarf", "aslr", "d":
		return boolean
	case "o", "importcfg", "buildid", "buildmode", "extld", "extldflags", "installsuffix", "linkmode", "X", "H", "B", "r":
		return value
	}
	return unknown
}

// parseRequest reads the command line of a link (tool, arguments). It reports false when the call must go to the real
// linker: it is not understood completely, or it does not make an executable.
func parseRequest(argv []string) (*request, bool) {
	r := &request{tool: argv[0], args: argv[1:]}
	seen := map[string]int{}
	i := 1
	for ; i < len(argv); i++ {
		name, val, rest := cutFlag(argv[i:])
		if name == "" {
			break
		}
		if rest < 0 || !r.set(name, val) {
			return nil, false
		}
		seen[name]++
		i += rest
	}
	// What follows the flags is the main package's archive. Its content is part of the build ID.
	if i != len(argv)-1 || strings.HasPrefix(argv[i], "@") {
		return nil, false
	}
	for _, once := range []string{"o", "importcfg", "buildid"} {
		if seen[once] != 1 {
			return nil, false // also a user's own -ldflags=-buildid=..., after which ours says nothing about the inputs
		}
	}
	return r, r.out != "" && r.importcfg != "" && isUnfinishedBuildID(r.buildID)
}

// cutFlag reads the flag that args begins with, as package flag does: its name (empty: args begins with no flag), its
// value, and how many further arguments it took; -1 if it is unknown or its value is missing.
func cutFlag(args []string) (name, val string, rest int) {
	s := args[0]
	if len(s) < 2 || s[0] != '-' {
		return "", "", 0
	}
	name, val, hasVal := strings.Cut(strings.TrimPrefix(s[1:], "-"), "=")
	switch a := flagArity(name); {
	case a == unknown:
		return "?", "", -1
	case a == boolean || hasVal:
		return name, val, 0
	case len(args) < 2:
		return name, "", -1
	}
	return name, args[1], 1
}

// set notes one flag and reports whether the request can still be answered from the cache.
func (r *request) set(name, val string) bool {
	switch name {
	case "o":
		r.out = val
		return true // differs from run to run
	case "importcfg":
		r.importcfg = val
		return true // its content is in the key
	case "buildid":
		r.buildID = val
	case "extld":
		r.extld = val
	case "buildmode":
		if val != "exe" && val != "pie" {
			return false // libraries: the name of the output gets into the output
		}
	case "linkmode":
		if val != "internal" && val != "auto" {
			return false // made by the C linker
		}
	}
	r.keyed = append(r.keyed, "-"+name+"="+val)
	return true
}

// isUnfinishedBuildID reports whether id is what the go command passes to the linker of an executable:
//
//	actionID(binary)/actionID(main.a)/contentID(main.a)/actionID(binary)
//
// where the last part is a placeholder, replaced in the output when its content is known (useCache in
// cmd/go/internal/work/buildid.go). Anything else comes from someone else and says nothing that is known here.
func isUnfinishedBuildID(id string) bool {
	p := strings.Split(id, "/")
	// An ID is 120 bits in base64: 20 bytes.
	return len(p) == 4 && len(p[0]) == 20 && len(p[1]) == 20 && len(p[2]) == 20 && p[0] == p[3]
}

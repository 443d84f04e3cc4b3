package linkcache

import (
	"fmt"
	"strings"
)

// Toolexec returns the value of go test's -toolexec flag that makes the go command start its tools through
// "EXE exec-tool", where exe is the path of cohort. It fails when no quoting that the go command understands can express
// exe: it contains both kinds of quotes.
//
// The go command keeps neither this value nor a trace of it in its cache's keys: all that counts there is what the tools
// answer to -V=full, and that goes through unchanged.
func Toolexec(exe string) (string, error) {
	if exe == "" {
		return "", fmt.Errorf("-toolexec: the path of cohort is not known")
	}
	s, err := joinQuoted(toolexecArgs(exe))
	if err != nil {
		return "", fmt.Errorf("-toolexec: %w", err)
	}
	return s, nil
}

// joinQuoted writes fields so that the go command (cmd/internal/quoted) splits them as they were: a field is bare, or
// wholly in single or double quotes, without any escape.
func joinQuoted(fields []string) (string, error) {
	out := make([]string, len(fields))
	for i, f := range fields {
		switch {
		case f != "" && !strings.ContainsAny(f, " \t\r\n'\""):
			out[i] = f
		case !strings.Contains(f, "'"):
			out[i] = "'" + f + "'"
		case !strings.Contains(f, `"`):
			out[i] = `"` + f + `"`
		default:
			return "", fmt.Errorf("%s: a path with both ' and \" cannot be quoted for the go command", f)
		}
	}
	return strings.Join(out, " "), nil
}

// splitQuoted is the reverse of joinQuoted. It reports false for a string that the go command would refuse.
func splitQuoted(s string) ([]string, bool) {
	const space = " \t\r\n"
	var fields []string
	for s = strings.TrimLeft(s, space); s != ""; s = strings.TrimLeft(s, space) {
		end := strings.IndexAny(s, space)
		if s[0] == '\'' || s[0] == '"' {
			end = strings.IndexByte(s[1:], s[0])
			if end < 0 {
				return nil, false
			}
			fields = append(fields, s[1:1+end])
			s = s[end+2:]
			continue
		}
		if end < 0 {
			end = len(s)
		}
		fields = append(fields, s[:end])
		s = s[end:]
	}
	return fields, true
}

// A Run is what decides whether the link cache takes part in a run of the go command.
type Run struct {
	Config  Config   // from FromEnv
	Off     bool     // cohort's own flag
	Args    []string // the user's arguments for go test, without "go test" itself
	GoFlags string   // GOFLAGS as the go command sees it ("go env GOFLAGS"): the environment, or else the go env -w file
	GOOS    string   // the system cohort runs on, runtime.GOOS
}

// Allowed reports whether -toolexec may be added to a run. If not, why says the reason in a few words for --debug.
func (r Run) Allowed() (ok bool, why string) {
	flags, split := splitQuoted(r.GoFlags)
	switch {
	case r.Off:
		return false, "turned off by flag"
	case r.Config.Off():
		return false, "turned off by " + EnvDir + ", or there is no cache directory"
	case r.GOOS == "windows":
		// The go command puts the long argument lists of its tools into files, as Windows needs from 32 KB on, but only
		// when it starts the tools itself (useResponseFile in cmd/go/internal/work/exec.go): with any -toolexec a package
		// of many files no longer compiles there. It can go when the go command does it for wrapped tools.
		return false, "windows: the go command cannot pass long argument lists through -toolexec"
	case !split:
		return false, "GOFLAGS cannot be read"
	case mentions(flags, "toolexec"):
		return false, "GOFLAGS has its own -toolexec"
	case mentions(r.Args, "toolexec"):
		return false, "the arguments have their own -toolexec"
	case mentions(flags, "a") || mentions(r.Args, "a"):
		return false, "-a asks for everything to be built again"
	}
	return true, ""
}

// mentions reports whether args contain a flag of the go command, up to -args, which hands the rest to the test binary. An
// argument that only looks like the flag counts too: the price is a run without the cache.
func mentions(args []string, flag string) bool {
	for _, a := range args {
		name, ok := strings.CutPrefix(a, "-")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(strings.TrimPrefix(name, "-"), "=")
		if name == "args" {
			return false
		}
		if name == flag {
			return true
		}
	}
	return false
}

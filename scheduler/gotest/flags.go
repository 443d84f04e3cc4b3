package gotest

import "strings"

// flagKind says how the go command reads a flag's value.
type flagKind uint8

const (
	flagUnknown flagKind = iota // not the go command's: it goes to the test binary
	flagBool                    // -x, -x=true
	flagValue                   // -x v, -x=v
)

// goTestFlags are the flags that `go test` itself takes (go1.26: `go help
// build`, `go help testflag`). A flag that is not in this table is the test
// binary's, and ends the package list, as in cmd/go's testFlags.
var goTestFlags = func() map[string]flagKind {
	flags := make(map[string]flagKind)
	for name := range strings.FieldsSeq(`a n race msan asan v work x cover json linkshared
		modcacherw trimpath failfast short benchmem c artifacts fullpath buildvcs i`) {
		flags[name] = flagBool
	}
	for name := range strings.FieldsSeq(`C p asmflags buildmode compiler gccgoflags gcflags
		installsuffix ldflags mod modfile overlay pgo pkgdir tags toolexec debug-actiongraph
		debug-runtime-trace debug-trace covermode coverpkg coverprofile exec o vet bench benchtime
		blockprofile blockprofilerate count cpu cpuprofile fuzz fuzztime fuzzminimizetime list
		memprofile memprofilerate mutexprofile mutexprofilefraction outputdir parallel run skip
		shuffle timeout trace`) {
		flags[name] = flagValue
	}
	return flags
}()

// lookupFlag returns the canonical name (without dashes and without the
// "test." prefix that the go command accepts too) and the kind of arg.
func lookupFlag(arg string) (name, value string, hasValue bool, kind flagKind) {
	name = strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	name, value, hasValue = strings.Cut(name, "=")
	name = strings.TrimPrefix(name, "test.")
	return name, value, hasValue, goTestFlags[name]
}

// isFlag reports whether the go command takes arg for a flag.
func isFlag(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && arg != "--"
}

package gotest

import (
	"slices"
	"strings"
)

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

// testFlags are those that the go command hands to the test binary and so knows
// under the binary's name for them too, as in -test.run (cmd/go's
// passFlagToTest).
var testFlags = strings.Fields(`artifacts bench benchmem benchtime blockprofile blockprofilerate
	count coverprofile cpu cpuprofile failfast fullpath fuzz fuzzminimizetime fuzztime list memprofile
	memprofilerate mutexprofile mutexprofilefraction outputdir parallel run short shuffle skip timeout
	trace v`)

// lookupFlag returns the canonical name (without dashes and without the
// "test." prefix that the go command accepts too) and the kind of arg.
func lookupFlag(arg string) (name, value string, hasValue bool, kind flagKind) {
	name = strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-")
	name, value, hasValue = strings.Cut(name, "=")
	if short, ok := strings.CutPrefix(name, "test."); ok {
		if !slices.Contains(testFlags, short) {
			return name, value, hasValue, flagUnknown
		}
		name = short
	}
	return name, value, hasValue, goTestFlags[name]
}

// isFlag reports whether the go command takes arg for a flag: one or two dashes
// and something that is neither a third nor an equals sign.
func isFlag(arg string) bool {
	name, ok := strings.CutPrefix(arg, "-")
	name = strings.TrimPrefix(name, "-")
	return ok && name != "" && name[0] != '-' && name[0] != '='
}

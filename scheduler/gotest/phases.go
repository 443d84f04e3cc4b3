package gotest

import "slices"

// ForBuild returns the flags of the arguments that decide what is built, as "-name", each once: those
// that test binaries have no flag for.
func (a *Args) ForBuild() []string {
	return a.given(func(name string) bool { return !slices.Contains(testFlags, name) })
}

// ForRun returns the flags of the arguments that decide how test binaries run, as "-name", each once,
// and the words for the tests themselves.
func (a *Args) ForRun() []string {
	names := a.given(func(name string) bool { return slices.Contains(testFlags, name) })
	if a.Timeout != DefaultTimeout {
		names = append(names, "-timeout")
	}
	if a.Exec != nil {
		names = append(names, "-exec")
	}
	return append(names, a.rest()...)
}

// given returns the flags for which a name is wanted.
func (a *Args) given(wanted func(name string) bool) []string {
	var names []string
	for _, f := range a.known {
		if name := "-" + f.name; wanted(f.name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Built returns the flags that decide what test binaries are, as the user wrote them: what a run of
// them as they are has to be told again, for what the flags also say to those who read the source.
// How they are built is left out.
func (a *Args) Built() []string {
	how := []string{"a", "n", "x", "work", "toolexec", "debug-actiongraph", "debug-runtime-trace", "debug-trace"}
	return a.flags(slices.Concat(how, testFlags)...)
}

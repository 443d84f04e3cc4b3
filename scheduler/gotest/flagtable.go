package gotest

// Flags returns the flags that go test takes, by name, and whether each takes a
// value. The caller may change the map.
func Flags() map[string]bool {
	flags := make(map[string]bool, len(goTestFlags))
	for name, kind := range goTestFlags {
		flags[name] = kind == flagValue
	}
	return flags
}

// TestFlags returns the names of the flags that go test hands to the test binary,
// and so knows as -test.NAME too.
func TestFlags() []string { return append([]string(nil), testFlags...) }

// TakesValue reports whether name, without dashes and "test.", is a flag of go test's
// that takes a value, so that in "-flag word" the word is no package.
func TakesValue(name string) bool { return goTestFlags[name] == flagValue }

// SplitFlags splits what is written as in GOFLAGS: at spaces, with single and double
// quotes around a word.
func SplitFlags(s string) ([]string, error) { return splitQuoted(s) }

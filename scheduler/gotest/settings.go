package gotest

import (
	"cmp"
	"slices"
	"strings"
)

// Settings returns what the arguments say of the tests, in one form and order however they were
// written: flags as -name=value, sorted, and what the test binaries get. Packages are left out, and
// so are the flags that only name files or say how much a machine does at a time (-coverprofile,
// -outputdir, -p, -json), and -count=1, which only keeps go test from repeating a result.
func (a *Args) Settings() []string {
	var all []string
	for _, f := range a.known {
		setting := f.setting()
		if f.name == "coverprofile" || f.name == "outputdir" || setting == "-count=1" && a.Count == 1 {
			continue
		}
		all = append(all, setting)
	}
	if a.CoverProfile != "" && a.Cover {
		all = append(all, "-cover=true") // a profile asks for it
	}
	if a.Timeout != DefaultTimeout {
		all = append(all, "-timeout="+a.Timeout.String())
	}
	if a.Exec != nil {
		all = append(all, "-exec="+strings.Join(a.Exec, " "))
	}
	// A flag may come more than once, and then their order counts.
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(nameOf(a), nameOf(b)) })
	return append(slices.Compact(all), a.rest()...)
}

// setting returns the flag as -name=value.
func (f knownFlag) setting() string { return "-" + f.name + "=" + f.value() }

// value returns what the flag is set to, "true" for one that stands alone.
func (f knownFlag) value() string {
	_, value, hasValue, kind := lookupFlag(f.words[0])
	switch {
	case !hasValue && len(f.words) > 1:
		return f.words[1]
	case !hasValue && kind == flagBool:
		return "true"
	}
	return value
}

func nameOf(setting string) string {
	name, _, _ := strings.Cut(setting, "=")
	return name
}

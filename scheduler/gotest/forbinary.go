package gotest

import (
	"path/filepath"
	"slices"
	"strconv"
)

// ForBinary returns the arguments that the go command gives to a test binary when it is started in
// dir as [Args.Command] starts it, and these are the words that it was given. The profile that each
// binary writes is at profile, "" for none; other flags that the go command adds for each binary
// are left out (-test.paniconexit0, -test.gocoverdir).
func (a *Args) ForBinary(dir, profile string) []string {
	// From -json, and in this order: see testFlags in cmd/go/internal/test/testflag.go.
	args := []string{"-test.v=test2json"}
	if a.Artifacts && a.OutputDir == "" {
		args = append(args, "-test.outputdir="+dir)
	}
	args = append(args, "-test.timeout="+a.Timeout.String())
	for _, f := range a.known {
		if !slices.Contains(testFlags, f.name) {
			continue
		}
		value := f.value()
		switch f.name {
		case "coverprofile":
			value = profile
		case "outputdir":
			if !filepath.IsAbs(value) {
				value = filepath.Join(dir, value)
			}
		case "count", "parallel":
			if n, err := strconv.Atoi(value); err == nil {
				value = strconv.Itoa(n)
			}
		}
		if on, err := strconv.ParseBool(value); err == nil && goTestFlags[f.name] == flagBool {
			value = strconv.FormatBool(on)
		}
		args = append(args, "-test."+f.name+"="+value)
	}
	args = append(args, a.unknown...)
	if len(a.tail) > 0 && (a.tail[0] == "-args" || a.tail[0] == "--args") {
		return append(args, a.tail[1:]...)
	}
	return append(args, a.tail...)
}

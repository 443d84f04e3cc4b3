package gotest

import "path/filepath"

// Profile returns the file that -coverprofile names, "" for none. dir is where cohort runs, "" for the
// current directory.
func (a *Args) Profile(dir string) string {
	name := a.CoverProfile
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	out := a.OutputDir
	if !filepath.IsAbs(out) {
		out = filepath.Join(dir, a.Dir, out)
	}
	return filepath.Join(out, name)
}

package gotest

import (
	"path/filepath"
	"testing"
)

func TestProfileFile(t *testing.T) {
	t.Parallel()
	abs, err := filepath.Abs("abs")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args Args
		dir  string
		want string
	}{
		"none":               {Args{OutputDir: "o"}, "d", ""},
		"here":               {Args{CoverProfile: "c.out"}, "", "c.out"},
		"absolute":           {Args{CoverProfile: abs, OutputDir: "o", Dir: "c"}, "d", abs},
		"below the run's":    {Args{CoverProfile: "c.out", Dir: "c"}, "d", filepath.Join("d", "c", "c.out")},
		"in -outputdir":      {Args{CoverProfile: "c.out", OutputDir: "o", Dir: "c"}, "", filepath.Join("c", "o", "c.out")},
		"absolute outputdir": {Args{CoverProfile: "c.out", OutputDir: abs, Dir: "c"}, "d", filepath.Join(abs, "c.out")},
	} {
		if got := tc.args.Profile(tc.dir); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

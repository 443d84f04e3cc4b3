package gotest

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// differ returns the names of what two environments say of a build that is not the same.
func differ(t *testing.T, one, other []string) string {
	t.Helper()
	var all [2]map[string]string
	for i, extra := range [][]string{one, other} {
		env := append(slices.DeleteFunc(os.Environ(), func(kv string) bool {
			return slices.ContainsFunc(buildEnvNames[:], func(name string) bool { return strings.HasPrefix(kv, name+"=") })
		}), "GOENV=off")
		var err error
		if all[i], err = BuildEnv(t.Context(), "", append(env, extra...)); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all[0])) {
		if all[0][name] != all[1][name] {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// TestBuildEnv: what decides what is built shows, and what does not, or is the default, does not.
func TestBuildEnv(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ one, other, want string }{
		{"", "", ""},
		{"GOFLAGS=-race", "", "GOFLAGS"},
		{"GOFLAGS=-race -tags=x", "GOFLAGS=-tags=x --race=true -p=2", ""},
		{"GOFLAGS=-tags=x", "GOFLAGS=-tags=y", "GOFLAGS"},
		{"GOEXPERIMENT=nogreenteagc", "", "GOEXPERIMENT"},
		{"CGO_ENABLED=0", "CGO_ENABLED=1", "CGO_ENABLED"},
		{"GODEBUG=panicnil=1", "", "GODEBUG"},
		{"GO111MODULE=on", "GOMAXPROCS=1", "GO111MODULE"},
		{"GOCACHE=/x", "GOCACHE=/y", ""},
	} {
		if got := differ(t, strings.Split(tt.one, "|"), strings.Split(tt.other, "|")); got != tt.want {
			t.Errorf("%s and %s: %q differ, want %q", tt.one, tt.other, got, tt.want)
		}
	}
	if got := hashes(map[string]string{"GOFLAGS": "-race"})["GOFLAGS"]; got == "" || strings.Contains(got, "race") {
		t.Errorf("of -race: %q, want what shows no value", got)
	}
}

package main

import (
	"slices"
	"strings"
)

// environ is an environment as in os.Environ, indexed by name. It is read only.
type environ struct {
	list []string
	vars map[string]string
}

func newEnviron(list []string) environ {
	vars := make(map[string]string, len(list))
	for _, kv := range list {
		if k, v, ok := strings.Cut(kv, "="); ok {
			vars[k] = v
		}
	}
	return environ{list: list, vars: vars}
}

// get returns the value of name, "" if it is not set.
func (e environ) get(name string) string { return e.vars[name] }

// lookup also reports whether name is set.
func (e environ) lookup(name string) (string, bool) {
	v, ok := e.vars[name]
	return v, ok
}

// without returns the environment without these variables.
func (e environ) without(names ...string) environ {
	return newEnviron(slices.DeleteFunc(slices.Clone(e.list), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, name)
	}))
}

// truthy reports whether name holds one of the words that gotestsum takes for true.
func (e environ) truthy(name string) bool {
	switch strings.ToLower(e.vars[name]) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// falsy reports whether name holds one of the words for false.
func (e environ) falsy(name string) bool {
	switch strings.ToLower(e.vars[name]) {
	case "false", "no", "off", "0":
		return true
	}
	return false
}

// noColor is the default of --no-color. A terminal gets colour, and so do the CI
// systems that are known to show it although they are no terminals; terminal is
// what fatih/color found out about stdout. The variables that people set for every
// program (no-color.org, force-color.org, bixense.com/clicolors) go before that.
func (e environ) noColor(terminal bool) bool {
	switch {
	case e.get("NO_COLOR") != "":
		return true
	case e.forcesColor():
		return false
	}
	if ci, ok := e.lookup("CI"); ok {
		for _, name := range []string{
			"APPVEYOR", "BUILDKITE", "CIRCLECI", "DRONE", "GITEA_ACTIONS", "GITHUB_ACTIONS", "GITLAB_CI", "TRAVIS",
		} {
			if _, ok := e.lookup(name); ok {
				return false
			}
		}
		if ci == "woodpecker" || e.get("CI_NAME") == "codeship" {
			return false
		}
	}
	if _, ok := e.lookup("TEAMCITY_VERSION"); ok {
		return false
	}
	return !terminal
}

// forcesColor reports whether FORCE_COLOR or CLICOLOR_FORCE asks for colour where there
// is no terminal. Words for no in them are no request: programs differ in what they make
// of FORCE_COLOR=0.
func (e environ) forcesColor() bool {
	for _, name := range []string{"FORCE_COLOR", "CLICOLOR_FORCE"} {
		if e.get(name) != "" && !e.falsy(name) {
			return true
		}
	}
	return false
}

package main

import (
	"fmt"
	"slices"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// setting is a flag's values as one source gives them: several where it may be repeated.
type setting struct {
	name   string
	values []string
	origin string // as it is said in messages, before the value: "--workers", "GOTESTSUM_FORMAT"
	source string // where it comes from: "flag", "GOTESTSUM_FORMAT", ".cohort.yaml:3"
}

// layer is one source of settings, all from the same place.
type layer []setting

// find returns the setting of a flag.
func (l layer) find(name string) (setting, bool) {
	i := slices.IndexFunc(l, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, false
	}
	return l[i], true
}

// flagLayer turns what a command line says into a layer: of a flag that holds one value
// the last one counts.
func flagLayer(settings []usage.Setting, prefix string) layer {
	var l layer
	for _, s := range settings {
		i := slices.IndexFunc(l, func(have setting) bool { return have.name == s.Name })
		if i < 0 {
			i = len(l)
			l = append(l, setting{name: s.Name, origin: prefix + "--" + s.Name, source: "flag"})
		}
		l[i].values = append(l[i].values, s.Value)
	}
	return l
}

// variableLayer reads the variables that the table names. A switch has words for true
// and false, and any other text in its variable says nothing.
func variableLayer(flags []usage.Flag, env environ) layer {
	var l layer
	for _, f := range flags {
		value := env.get(f.Variable)
		if f.Variable == "" || value == "" {
			continue
		}
		if f.Kind == usage.Switch {
			switch {
			case env.truthy(f.Variable):
				value = "true"
			case env.falsy(f.Variable):
				value = "false"
			default:
				continue
			}
		}
		l = append(l, setting{name: f.Name, values: []string{value}, origin: f.Variable, source: f.Variable})
	}
	return l
}

// resolve returns the settings that are in force: of each flag those of the first layer
// that has any.
func resolve(flags []usage.Flag, layers ...layer) layer {
	var all layer
	for _, f := range flags {
		for _, l := range layers {
			if s, ok := l.find(f.Name); ok {
				all = append(all, s)
				break
			}
		}
	}
	return all
}

// apply sets the options, and returns the values that do not fit.
func (t *flagTable) apply(settings layer) []string {
	var problems []string
	for _, s := range settings {
		i := slices.IndexFunc(t.flags, func(f usage.Flag) bool { return f.Name == s.name })
		for _, value := range s.values {
			err := t.flags[i].Check(value)
			if err == nil {
				err = t.set.Lookup(s.name).Value.Set(value)
			}
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s=%s: %v", s.origin, value, err))
			}
		}
	}
	return problems
}

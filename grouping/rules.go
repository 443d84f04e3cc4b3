package grouping

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Condition says which tests a rule is about: those for which every condition that is given holds.
// The zero value matches all.
type Condition struct {
	// Label is an expression over the labels.
	Label *LabelExpr
	// Test is found in the name of a test, as -run is.
	Test *regexp.Regexp
	// Package is a pattern of the go command's: an import path, or a place below the root of the
	// module (./cart), in which ... stands for any text (./cart/...).
	Package string
	// Group is found in the name of the group.
	Group *regexp.Regexp
}

// Rule sets values for the tests that it matches.
type Rule struct {
	Match Condition
	// Set has the values by key. Those of the keys below say to which units tests belong and have
	// the types given there; of all others the values are never looked at.
	Set map[string]any
	// Source says where the rule stands, for messages: "file:line". Sources says it of the keys of
	// Set, where they stand elsewhere.
	Source  string
	Sources map[string]string
}

// source returns where a key of the rule stands.
func (r *Rule) source(key string) string {
	if s := r.Sources[key]; s != "" {
		return s
	}
	return r.Source
}

// Keys of Rule.Set that are about the tests themselves.
const (
	KeyGroup   = "group"        // string: a group for a test that no directive puts in one
	KeyLabels  = "labels"       // []string: more labels
	KeyLock    = "lock"         // []string: more locks
	KeySerial  = "serial"       // bool
	KeyTimeout = "test-timeout" // time.Duration: for a test that no directive gives one
)

// Subject is what rules are asked about: a test, or a unit.
type Subject struct {
	// Package is the import path.
	Package string
	// Tests are the names, of a unit those of all members. A rule matches if it matches one.
	Tests []string
	// Group is the declared group, or "".
	Group string
	// Labels are those of all tests together.
	Labels []string
}

// Setting is what came out for one key.
type Setting struct {
	Key   string
	Value any
	// Rule is the number of the rule that set it, from 0, and Source where it stands.
	Rule   int
	Source string
}

// Rules are rules in their order: for each key the first that matches and sets it decides. They
// are never changed, so they may be used concurrently. Nil and the zero value have none.
type Rules struct {
	rules    []Rule
	packages []packagePattern
	groups   []*regexp.Regexp
}

// NewRules checks rules and returns them ready for use. module is the path of the module that
// the places in patterns are in. The error tells all that is wrong, each with its source.
func NewRules(module string, rules []Rule) (*Rules, error) {
	r := &Rules{rules: slices.Clone(rules)}
	var errs []error
	for _, rule := range rules {
		pattern, err := newPackagePattern(module, rule.Match.Package)
		r.packages = append(r.packages, pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", rule.Source, err))
		}
		var wrong []string
		for _, key := range slices.Sorted(maps.Keys(rule.Set)) {
			for _, err := range rule.check(key) {
				wrong = append(wrong, fmt.Sprintf("%s: %v", rule.source(key), err))
			}
		}
		for _, text := range wrong {
			errs = append(errs, errors.New(text))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// WithGroups returns the rules for tests that --group expressions group too: what rules set but
// groups and labels can depend on those groups.
func (r *Rules) WithGroups(exprs []*regexp.Regexp) *Rules {
	if r == nil {
		return nil
	}
	out := *r
	out.groups = exprs
	return &out
}

// check returns what is wrong with the value of a key.
func (r *Rule) check(key string) []error {
	if packageKey(key) {
		return r.checkPackage(key)
	}
	return checkValues(map[string]any{key: r.Set[key]})
}

// checkValues returns what is wrong with the values that are about the tests themselves.
func checkValues(set map[string]any) []error {
	var errs []error
	if value, ok := set[KeyGroup]; ok {
		if name, ok := value.(string); !ok || !validName(name, groupMarks) {
			errs = append(errs, fmt.Errorf("group %q: a name of letters, digits and _ - . / is needed", fmt.Sprint(value)))
		}
	}
	if value, ok := set[KeyTimeout]; ok {
		if d, ok := value.(time.Duration); !ok || d <= 0 {
			errs = append(errs, fmt.Errorf("test-timeout %v: it must be greater than 0", value))
		}
	}
	for key, marks := range map[string]string{KeyLabels: labelMarks, KeyLock: lockMarks} {
		value, ok := set[key]
		if !ok {
			continue
		}
		names, ok := value.([]string)
		if wrong := slices.IndexFunc(names, func(name string) bool { return !validName(name, marks) }); !ok {
			errs = append(errs, fmt.Errorf("%s: a list of names is needed, not %v", key, value))
		} else if wrong >= 0 {
			errs = append(errs, fmt.Errorf("%s: the name %q has more than letters, digits and %s", key, names[wrong], strings.Join(strings.Split(marks, ""), " ")))
		}
	}
	if value, ok := set[KeySerial]; ok {
		if _, ok := value.(bool); !ok {
			errs = append(errs, fmt.Errorf("serial: true or false is needed, not %v", value))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// Settings returns what the rules set for s, sorted by key. Group and labels come first: rules
// that set them see what directives say, all others see what came of that.
func (r *Rules) Settings(s Subject) []Setting {
	if r == nil {
		return nil
	}
	first := r.first(s, true)
	return append(first, r.first(r.late(s, first), false)...).sorted()
}

// late returns what rules see that set neither group nor labels: first has what those set.
func (r *Rules) late(s Subject, first settings) Subject {
	s = with(s, first)
	for _, name := range s.Tests {
		if s.Group == "" {
			s.Group = matchGroup(r.groups, name)
		}
	}
	return s
}

// Apply adds to the tests of a package what the rules say of them: a group where there is none,
// labels, locks, serial. It is called after [Annotate] and before [Units] and [Select].
func (r *Rules) Apply(p *Package) {
	for i := range p.Tests {
		t := &p.Tests[i]
		for _, setting := range r.Settings(SubjectOf(p, *t)) {
			switch value := setting.Value; setting.Key {
			case KeyGroup:
				if t.Group == "" {
					t.Group = value.(string) // NewRules has checked the types
				}
			case KeyLabels:
				t.Labels = union(t.Labels, value.([]string))
			case KeyLock:
				t.Locks = union(t.Locks, value.([]string))
			case KeySerial:
				t.Serial = t.Serial || value.(bool)
			case KeyTimeout:
				if t.Timeout == 0 {
					t.Timeout = value.(time.Duration)
				}
			}
		}
	}
}

// SubjectOf returns what rules see of a test.
func SubjectOf(p *Package, t Test) Subject {
	return Subject{Package: p.ImportPath, Tests: []string{t.Name}, Group: t.Group, Labels: t.Labels}
}

// SubjectOfUnit returns what rules see of a unit.
func SubjectOfUnit(p *Package, u Unit) Subject {
	s := Subject{Package: p.ImportPath, Tests: u.Names(), Labels: u.Labels}
	if u.Declared {
		s.Group = u.Group
	}
	return s
}

// Unmatched returns the numbers of the rules that match none of the subjects. It is for those of
// a whole run: if some are not known, a caller says nothing.
func (r *Rules) Unmatched(subjects []Subject) []int {
	if r == nil {
		return nil
	}
	var unmatched []int
	for i := range r.rules {
		matches := func(s Subject) bool {
			return r.matches(i, s) || r.matches(i, r.late(s, r.first(s, true)))
		}
		if !slices.ContainsFunc(subjects, matches) {
			unmatched = append(unmatched, i)
		}
	}
	return unmatched
}

// settings are sorted by key, once all are there.
type settings []Setting

func (s settings) sorted() []Setting {
	slices.SortFunc(s, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return s
}

// first returns for each key the first rule that matches and sets it: for group and labels, or for
// all other keys.
func (r *Rules) first(s Subject, early bool) settings {
	var found settings
	seen := make(map[string]bool)
	for i, rule := range r.rules {
		if !r.matches(i, s) {
			continue
		}
		for key, value := range rule.Set { // each key once, so their order is of no matter
			if isEarly := key == KeyGroup || key == KeyLabels; isEarly == early && !seen[key] {
				seen[key] = true
				found = append(found, Setting{Key: key, Value: value, Rule: i, Source: rule.source(key)})
			}
		}
	}
	return found
}

// with returns the subject with the group and the labels that rules set.
func with(s Subject, set settings) Subject {
	for _, setting := range set {
		switch value := setting.Value; {
		case setting.Key == KeyLabels:
			s.Labels = union(s.Labels, value.([]string))
		case setting.Key == KeyGroup && s.Group == "":
			s.Group = value.(string)
		}
	}
	return s
}

// matches reports whether a rule is about s.
func (r *Rules) matches(i int, s Subject) bool {
	m := r.rules[i].Match
	return (m.Label == nil || m.Label.Match(s.Labels)) &&
		(m.Test == nil || slices.ContainsFunc(s.Tests, m.Test.MatchString)) &&
		(m.Group == nil || s.Group != "" && m.Group.MatchString(s.Group)) &&
		r.packages[i].match(s.Package)
}

// packagePattern matches import paths. The zero value matches all.
type packagePattern struct{ re *regexp.Regexp }

// newPackagePattern reads a pattern of the go command's.
func newPackagePattern(module, pattern string) (packagePattern, error) {
	if pattern == "" {
		return packagePattern{}, nil
	}
	full := pattern
	switch {
	case pattern == "..", strings.HasPrefix(pattern, "../"), strings.HasPrefix(pattern, "/"):
		return packagePattern{}, fmt.Errorf("package %q is outside the module", pattern)
	case pattern == ".", strings.HasPrefix(pattern, "./"):
		full = path.Join(module, pattern)
		if module == "" {
			return packagePattern{}, fmt.Errorf("package %q: there is no module that it could be in", pattern)
		}
	}
	if strings.ContainsAny(full, " \t*?\\") {
		return packagePattern{}, fmt.Errorf("package %q: not a pattern of the go command, as ./cart/... is one", pattern)
	}
	// As for the go command, ... is any text, and x/... is also x.
	text := strings.ReplaceAll(regexp.QuoteMeta(full), `\.\.\.`, `.*`)
	if rest, ok := strings.CutSuffix(text, `/.*`); ok {
		text = rest + `(/.*)?`
	}
	re, err := regexp.Compile(`^` + text + `$`)
	if err != nil {
		return packagePattern{}, fmt.Errorf("package %q: %w", pattern, err)
	}
	return packagePattern{re}, nil
}

// match reports whether the pattern matches an import path.
func (p packagePattern) match(importPath string) bool {
	return p.re == nil || p.re.MatchString(importPath)
}

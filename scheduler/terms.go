package scheduler

import (
	"regexp"
	"slices"
)

// Keys of rules that are about what runs again, with the types of their values.
const (
	KeyRerunFails   = "rerun-fails"   // int
	KeyRerunDelay   = "rerun-delay"   // time.Duration
	KeyRerunBackoff = "rerun-backoff" // float64
	KeyRerunOnly    = "rerun-only"    // []*regexp.Regexp
	KeyRerunExcept  = "rerun-except"  // []*regexp.Regexp
)

// RerunKeys lists those keys. Rules that set them are asked about units.
func RerunKeys() []string {
	return []string{KeyRerunFails, KeyRerunDelay, KeyRerunBackoff, KeyRerunOnly, KeyRerunExcept}
}

// mayRerun reports whether a failed unit may run again.
func (c *Config) mayRerun() bool {
	return c.Reruns > 0 || slices.ContainsFunc(c.Rules.Values(KeyRerunFails), func(n any) bool { return n != 0 })
}

// patterns are all expressions that output is matched with, none if nothing runs again.
func (c *Config) patterns() []*regexp.Regexp {
	if !c.mayRerun() {
		return nil
	}
	all := c.RerunTerms.Patterns()
	for _, value := range slices.Concat(c.Rules.Values(KeyRerunOnly), c.Rules.Values(KeyRerunExcept)) {
		all = append(all, value.([]*regexp.Regexp)...)
	}
	return all
}

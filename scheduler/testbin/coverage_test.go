package testbin

import "testing"

func TestCoverageSuffix(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"coverage: 12.3% of statements\n":         "",
		"coverage: 0.0% of statements in ./...\n": " in ./...",
		"coverage: 100.0% of statements in a, b":  " in a, b",
		"coverage: [no statements]\n":             "",
		"coverage: [no statements] in x\n":        " in x",
		"coverage: x% of statements\n":            "no",
		"coverage: 12.3%\n":                       "no",
		"coverage: % of statements\n":             "no",
		" coverage: 12.3% of statements\n":        "no",
		"my coverage: 12.3% of statements in x\n": "no",
		"": "no",
	} {
		suffix, ok := CoverageSuffix(line)
		if ok != (want != "no") || ok && suffix != want {
			t.Errorf("%q: %q, %v, want %q", line, suffix, ok, want)
		}
	}
}

package merge

import "testing"

func TestList(t *testing.T) {
	t.Parallel()
	for want, paths := range map[string][]string{
		"nothing":                     nil,
		"a, b, c, d":                  {"a", "b", "c", "d"},
		"a, b, c and 2 more packages": {"a", "b", "c", "d", "e"},
	} {
		if got := list(paths); got != want {
			t.Errorf("list(%q) = %q, want %q", paths, got, want)
		}
	}
}

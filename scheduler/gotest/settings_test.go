package gotest

import (
	"strings"
	"testing"
)

// TestSettings: what is the same run has the same settings, however it is written, and another run
// has others.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"", ""},
		{"./... -p=3 -json", ""},
		{"-short -race ./a", "-race=true -short=true"},
		{"-race=true ./b ./c -test.short", "-race=true -short=true"},
		{"-race=false", "-race=false"},
		{"-run X", "-run=X"},
		{"-run=A -count=2 -run=B", "-count=2 -run=A -run=B"},
		{"-run=B -run=A", "-run=B -run=A"},
		{"-test.count=1", ""},
		{"-count=1 -count=2", "-count=1 -count=2"},
		{"-coverprofile=1.out", "-cover=true"},
		{"-cover -coverprofile 2.out -outputdir=x", "-cover=true"},
		{"-timeout=10m", ""},
		{"-timeout 1m -exec 'a b'", "-exec=a b -timeout=1m0s"},
		{"-tags=x,y ./... -args -test.v -update", "-tags=x,y -args -test.v -update"},
		{"./... -update", "-update"},
		{"-C=/somewhere -v", "-v=true"},
	} {
		words, err := splitQuoted(tt.args)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ParseArgs(words, []string{"GOENV=off"})
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		if got := strings.Join(a.Settings(), " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.args, got, tt.want)
		}
	}
}

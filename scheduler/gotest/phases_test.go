package gotest

import (
	"fmt"
	"strings"
	"testing"
)

func TestPhases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, build, run, built string }{
		{"./...", "[]", "[]", "[]"},
		{"-race -tags x -cover -covermode=count -run X -count=1 ./a -test.short", "[-race -tags -cover -covermode]", "[-run -count -short]", "[-race -tags x -cover -covermode=count]"},
		{"-a -work -toolexec=x -vet=off -p 3 -json", "[-a -work -toolexec -vet]", "[]", "[-vet=off]"},
		{"-race -race=false", "[-race]", "[]", "[-race -race=false]"},
		{"-timeout=1m -exec=x -coverprofile=c", "[]", "[-coverprofile -timeout -exec]", "[]"},
		{"./a -update -v", "[]", "[-v -update]", "[]"},
		{"./a -args -update", "[]", "[-args -update]", "[]"},
	} {
		a, err := ParseArgs(strings.Fields(tt.args), []string{"GOENV=off"})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(a.ForBuild()); got != tt.build {
			t.Errorf("%s: for the build %s, want %s", tt.args, got, tt.build)
		}
		if got := fmt.Sprint(a.ForRun()); got != tt.run {
			t.Errorf("%s: for the run %s, want %s", tt.args, got, tt.run)
		}
		if got := fmt.Sprint(a.Built()); got != tt.built {
			t.Errorf("%s: built %s, want %s", tt.args, got, tt.built)
		}
	}
}

package gotest

import (
	"strings"
	"testing"
)

func TestBuildFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want, run, skip string }{
		{"", "", "", ""},
		{"./...", "", "", ""},
		{"-tags=a,b -race ./...", "-tags=a,b -race", "", ""},
		{"-tags a -mod vendor -modfile=x.mod -overlay o.json", "-tags a -mod vendor -modfile=x.mod -overlay o.json", "", ""},
		{"-run=X -skip Y -v -count=1 -short -timeout 5s -race", "-race", "X", "Y"},
		{"-test.run=X -cover -coverprofile=c -coverpkg ./... -vet=off -tags=t", "-tags=t", "X", ""},
		{"-exec wine -toolexec x -p=3 -C sub -json -o f -work -a -debug-trace=t", "", "", ""},
		{"-gcflags=-N -ldflags=-s ./... -custom -args -tags=no", "-gcflags=-N -ldflags=-s", "", ""},
	} {
		a, err := ParseArgs(strings.Fields(tt.args), []string{"GOENV=off"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(a.BuildFlags(), " "); got != tt.want || a.Run != tt.run || a.Skip != tt.skip {
			t.Errorf("%s: %q, run %q, skip %q, want %q, %q, %q", tt.args, got, a.Run, a.Skip, tt.want, tt.run, tt.skip)
		}
	}
	a, err := ParseArgs(nil, []string{"GOENV=off", "GOFLAGS=-run=X -tags=y"})
	if err != nil || a.Run != "X" || len(a.BuildFlags()) > 0 {
		t.Errorf("GOFLAGS: run %q, build flags %q (go list reads them itself), %v", a.Run, a.BuildFlags(), err)
	}
}

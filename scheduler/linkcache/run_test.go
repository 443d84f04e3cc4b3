package linkcache

import "testing"

func TestAllowed(t *testing.T) {
	t.Parallel()
	on := Config{Dir: t.TempDir(), Limit: 1}
	tests := []struct {
		name string
		run  Run
		want bool
	}{
		{"Linux", Run{Config: on, GOOS: "linux"}, true},
		{"macOS", Run{Config: on, GOOS: "darwin"}, true},
		{"flag", Run{Config: on, Off: true, GOOS: "linux"}, false},
		{"environment", Run{GOOS: "linux"}, false},
		{"the user's -toolexec", Run{Config: on, GOOS: "linux", Toolexec: true}, false},
		{"-a", Run{Config: on, GOOS: "linux", Rebuild: true}, false},
	}
	for _, tt := range tests {
		ok, why := tt.run.Allowed()
		if ok != tt.want || ok != (why == "") {
			t.Errorf("%s: %v, %q, want %v", tt.name, ok, why, tt.want)
		}
	}
}

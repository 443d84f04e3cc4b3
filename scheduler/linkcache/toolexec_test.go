package linkcache

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestToolexecQuotesThePathOfCohort(t *testing.T) {
	t.Parallel()
	for exe, want := range map[string]string{
		"/usr/bin/cohort":  " /usr/bin/cohort",
		"/home/a b/cohort": ` "/home/a b/cohort"`,
		"/it's/cohort":     ` "/it's/cohort"`,
		`/say "x"/cohort`:  ` '/say "x"/cohort'`,
	} {
		s, err := Toolexec(exe, false)
		if runtime.GOOS == "windows" {
			want = want[1:] + " exec-tool" // no filter before it
		}
		if err != nil || !strings.HasSuffix(s, want) {
			t.Errorf("Toolexec(%q) = %s, %v, want %q at its end", exe, s, err, want)
		}
	}
	for _, exe := range []string{"", `/it's "both"/cohort`} {
		if s, err := Toolexec(exe, false); err == nil {
			t.Errorf("Toolexec(%q) = %s, want an error", exe, s)
		}
	}
}

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
		{"Windows", Run{Config: on, GOOS: "windows"}, false},
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

func TestToolexecSkipsCohortForAllButLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no filter there")
	}
	// echo stands for cohort: what it prints are the words cohort would get.
	argv := toolexecArgs("/bin/echo")
	for _, tt := range []struct{ tool, want []string }{
		{[]string{"/x/link", "-o", "a  b"}, []string{"exec-tool /x/link -o a  b\n"}},
		{[]string{"/bin/echo", "-o", "a  b"}, []string{"-o a  b\n"}},
		{[]string{"echo", "$HOME", "*"}, []string{"$HOME *\n"}},
	} {
		code, stdout, stderr := runCommand(t, command(t.TempDir(), nil, slices.Concat(argv, tt.tool)...))
		if code != 0 || stdout != tt.want[0] || stderr != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %q, want %q", tt.tool, code, stdout, stderr, tt.want[0])
		}
	}
}

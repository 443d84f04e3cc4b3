package linkcache

import (
	"runtime"
	"slices"
	"testing"
)

func TestToolexecIsSplitBackByTheGoCommandsRules(t *testing.T) {
	t.Parallel()
	for _, exe := range []string{"/usr/bin/cohort", "/home/a b/cohort", "/it's/cohort", `/say "x"/cohort`, `C:\Program Files\cohort.exe`,
		"/tab\there", "/$HOME/`x`/cohort", "/a'b c"} {
		s, err := Toolexec(exe)
		if err != nil {
			t.Errorf("Toolexec(%q): %v", exe, err)
			continue
		}
		got, ok := splitQuoted(s)
		if !ok || !slices.Equal(got, toolexecArgs(exe)) {
			t.Errorf("Toolexec(%q) = %s, split into %q", exe, s, got)
		}
	}
	for _, exe := range []string{"", `/it's "both"/cohort`} {
		if s, err := Toolexec(exe); err == nil {
			t.Errorf("Toolexec(%q) = %s, want an error", exe, s)
		}
	}
}

func TestSplitQuoted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
		ok   bool
	}{
		{"", nil, true}, {"  ", nil, true}, {"a b", []string{"a", "b"}, true}, {" a\t\nb ", []string{"a", "b"}, true},
		{"'a b' c", []string{"a b", "c"}, true}, {`"a 'b'"c`, []string{"a 'b'", "c"}, true}, {"a'b c'", []string{"a'b", "c'"}, true},
		{"''", []string{""}, true}, {"'a", nil, false}, {`a "b`, nil, false},
	}
	for _, tt := range tests {
		if got, ok := splitQuoted(tt.in); ok != tt.ok || !slices.Equal(got, tt.want) {
			t.Errorf("splitQuoted(%q) = %q, %v, want %q, %v", tt.in, got, ok, tt.want, tt.ok)
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
		{"plain", Run{Config: on, GOOS: "linux", Args: []string{"-race", "-count=1", "./..."}}, true},
		{"macOS", Run{Config: on, GOOS: "darwin"}, true},
		{"Windows", Run{Config: on, GOOS: "windows"}, false},
		{"flag", Run{Config: on, Off: true, GOOS: "linux"}, false},
		{"environment", Run{GOOS: "linux"}, false},
		{"own -toolexec", Run{Config: on, GOOS: "linux", Args: []string{"-toolexec", "x", "./..."}}, false},
		{"own --toolexec=", Run{Config: on, GOOS: "linux", Args: []string{"./...", "--toolexec=x"}}, false},
		{"the test's -toolexec", Run{Config: on, GOOS: "linux", Args: []string{"./...", "-args", "-toolexec", "x", "-a"}}, true},
		{"GOFLAGS", Run{Config: on, GOOS: "linux", GoFlags: "-mod=mod '-toolexec=a b'"}, false},
		{"other GOFLAGS", Run{Config: on, GOOS: "linux", GoFlags: "-mod=mod '-ldflags=-X a.b=-toolexec'"}, true},
		{"bad GOFLAGS", Run{Config: on, GOOS: "linux", GoFlags: "'-mod=mod"}, false},
		{"-a", Run{Config: on, GOOS: "linux", Args: []string{"-a"}}, false},
		{"-a in GOFLAGS", Run{Config: on, GOOS: "linux", GoFlags: "-a"}, false},
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

package config

import "testing"

func TestMute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, before, after string }{
		{"nothing", "", ""},
		{"sections", "version: 1\ntests:\n- match: {test: X}\n  serial: true\n", "version: 1\ntests:\n- match: {test: X}\n  serial: true\n"},
		{
			"flags", "# a\nworkers: 1 # b\nversion: 1\nformat: dots\n# c\nlocks: {a: 1}\nhistory: |\n  off\n",
			"# a\n\nversion: 1\n\n\nlocks: {a: 1}\n\n\n\n",
		},
		{"kept", "groups:\n- a\ndebug: true\nrerun-fails: 3\n", "groups:\n- a\n\nrerun-fails: 3\n"},
		{"profiles", "profiles:\n  ci:\n    workers: 1\n", "profiles:\n  ci:\n    workers: 1\n"},
		{"Windows", "# a\r\nworkers: 1 # b\r\nversion: 1\r\n", "# a\n\nversion: 1\n"},
		{"no YAML", "workers: [", "workers: ["},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(Mute([]byte(tt.before), testFlags(), []string{"group", "rerun-fails"})); got != tt.after {
				t.Errorf("%q, want %q", got, tt.after)
			}
		})
	}
}

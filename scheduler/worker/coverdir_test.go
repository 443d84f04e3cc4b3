package worker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/gotest"
	"github.com/gotestcohort/cohort/scheduler/ledger"
)

// TestUserCoverDir: the go command's own folder is the one that it names to the tests as well.
func TestUserCoverDir(t *testing.T) {
	t.Parallel()
	at, err := filepath.Abs("at")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ dir, env, want string }{
		"no coverage":         {"", "A=1", ""},
		"the go command's":    {"/go", "GOCOVERDIR=/go", ""},
		"the last one counts": {"/go", "GOCOVERDIR=/mine GOCOVERDIR=/go", ""},
		"without coverage":    {at, "A=1", at},
		"the user's":          {at, "GOCOVERDIR=/go", at},
		"relative":            {"data", "GOCOVERDIR=/go", filepath.Join("p", "data")},
	} {
		b := Binary{Dir: "p", Env: strings.Fields(tc.env), Args: &gotest.BinaryArgs{CoverDir: tc.dir, CoverProfile: tc.dir}}
		if got := b.UserCoverDir(); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if got := b.UserProfile(); tc.want != "" && got != tc.want {
			t.Errorf("%s: profile %q, want %q", name, got, tc.want)
		}
	}
}

// TestMakeCoverDir: the processes of a package have folders of their own, with what the go command
// has put into its own, and with nothing of a folder that the user has named.
func TestMakeCoverDir(t *testing.T) {
	t.Parallel()
	from := t.TempDir()
	if err := os.WriteFile(filepath.Join(from, "metafiles.txt"), []byte("list"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		kind   ledger.Kind
		env    string
		dir    string
		linked bool
		want   []string
	}{
		"the go command's": {ledger.First, "GOCOVERDIR=" + from, from, false, []string{"metafiles.txt"}},
		"told by another":  {ledger.First, "GOCOVERDIR=" + from, from, true, nil},
		"without tests":    {ledger.Baseline, "GOCOVERDIR=" + from, from, false, []string{"metafiles.txt"}},
		"the user's":       {ledger.First, "GOCOVERDIR=/go", from, true, []string{"children"}},
		"in a rerun":       {ledger.Attempt, "GOCOVERDIR=" + from, from, false, nil},
		"of nobody":        {ledger.First, "", "", false, nil},
	} {
		own := filepath.Join(t.TempDir(), "own")
		j := Job{Kind: tc.kind, Files: Files{CoverDir: own, Linked: tc.linked}, Binary: Binary{Env: strings.Fields(tc.env), Args: &gotest.BinaryArgs{CoverDir: tc.dir}}}
		if err := j.makeCoverDir(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		entries, err := os.ReadDir(own)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestCoverList: there is a list of packages that are not linked if the go command has put one into its
// own folder, which the binary is to use.
func TestCoverList(t *testing.T) {
	t.Parallel()
	empty, full := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "metafiles.txt"), []byte("list"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		env, dir string
		want     bool
	}{
		"-coverpkg":   {"GOCOVERDIR=" + full, full, true},
		"none":        {"GOCOVERDIR=" + empty, empty, false},
		"the user's":  {"GOCOVERDIR=" + empty, full, false},
		"no coverage": {"A=1", "", false},
		"gone":        {"GOCOVERDIR=" + full + "x", full + "x", false},
	} {
		b := Binary{Env: strings.Fields(tc.env), Args: &gotest.BinaryArgs{CoverDir: tc.dir}}
		if got := b.CoverList(); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

package affected

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiff: the patch has one form, whatever the user and the repository have set.
func TestDiff(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	r := newRepo(t, module+"-- .gitattributes --\n*.go -diff\n-- old.go --\npackage m\n\nfunc f() {\n}\n")
	for _, setting := range []string{"diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.renames=false", "color.ui=always", "diff.context=5",
		"diff.interHunkContext=9", "diff.external=false"} {
		name, value, _ := strings.Cut(setting, "=")
		r.git("config", name, value)
	}
	r.git("mv", "old.go", "new.go")
	r.write("-- new.go --\npackage m\n\nfunc f() {\n\tf()\n}\n-- price/price.go --\npackage price\n\nconst C = 1\n-- x.ignored.go --\n-- more/x.go --\npackage x\n")
	d, err := Diff(t.Context(), Options{Dir: filepath.Join(r.dir, "price"), Ref: "main", Env: r.env})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range bytes.Lines(d.Patches[0]) {
		if s := strings.TrimSpace(string(line)); strings.HasPrefix(s, "+") || strings.HasPrefix(s, "@@") || strings.HasPrefix(s, "rename") {
			lines = append(lines, s)
		}
	}
	want := []string{
		"rename from old.go", "rename to new.go", "+++ b/new.go", "@@ -3,0 +4 @@ func f() {", "+\tf()",
		"+++ b/price/price.go", "@@ -1,0 +2,2 @@ package price", "+", "+const C = 1",
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") || len(d.Patches) != 1 {
		t.Errorf("%d patches:\n%s\nwant\n%s", len(d.Patches), got, strings.Join(want, "\n"))
	}
	if got := strings.Join(d.Untracked, " "); got != "more/x.go" {
		t.Errorf("untracked: %s", got)
	}
	for _, ref := range []string{"nowhere", "", "a..b"} {
		if _, err := Diff(t.Context(), Options{Dir: r.dir, Ref: ref, Env: r.env}); err == nil || !strings.HasPrefix(err.Error(), "changed since ") {
			t.Errorf("%q: error %v", ref, err)
		}
	}
	if _, err := Diff(t.Context(), Options{Dir: t.TempDir(), Ref: "main", Env: r.env}); err == nil {
		t.Error("no error without a repository")
	}
}

package affected

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// module is what the repositories of these tests begin with.
const module = `
-- go.mod --
module example.com/m

go 1.24
-- .gitignore --
*.ignored.go
-- price/price.go --
package price
-- price/price_test.go --
package price

import "testing"

func TestPrice(t *testing.T) {}
-- price/testdata/rates.txt --
1
-- cart/cart.go --
package cart

import _ "example.com/m/price"
-- web/web.go --
package web

import _ "embed"

//go:embed assets/app.js
var App string
-- web/assets/app.js --
x
-- e2e/e2e_test.go --
package e2e

import (
	"testing"

	_ "example.com/m/cart"
)

func TestBuy(t *testing.T) {}
-- tagged/tagged.go --
//go:build tagged

package tagged

import _ "example.com/m/web"
-- docs/readme.md --
x
`

// repo is a git repository in a directory of the test's own.
type repo struct {
	t   *testing.T
	dir string
	env []string
}

// newRepo makes a repository with the files of an archive in its first commit, on branch main, and
// a branch work at the same commit, which is checked out. Nothing of the user's configuration
// takes part.
func newRepo(t *testing.T, archive string) *repo {
	t.Helper()
	r := &repo{t: t, dir: t.TempDir(), env: append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GOFLAGS=", "GOWORK=", "GOPROXY=off")}
	r.git("init", "-q", "-b", "main")
	r.write(archive)
	r.commit()
	r.git("checkout", "-q", "-b", "work")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// write makes the files of an archive.
func (r *repo) write(archive string) {
	r.t.Helper()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(r.dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			r.t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *repo) commit() {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "c")
}

func (r *repo) remove(name string) {
	r.t.Helper()
	if err := os.RemoveAll(filepath.Join(r.dir, name)); err != nil {
		r.t.Fatal(err)
	}
}

// find asks for the changes since a commit, in a directory of the repository.
func (r *repo) find(dir, ref string, flags ...string) (*Result, error) {
	return Find(r.t.Context(), Options{Dir: filepath.Join(r.dir, dir), Ref: ref, Flags: flags, Patterns: []string{"./..."}, Env: r.env})
}

// short is a result without reasons.
func short(r *Result) string {
	if r.Everything != "" {
		return "everything"
	}
	var names []string
	for _, a := range r.Packages {
		names = append(names, strings.TrimPrefix(a.ImportPath, "example.com/m/"))
	}
	return strings.Join(names, " ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	const price = "-- price/price.go --\npackage price\n\nvar X int\n"
	for _, tt := range []struct {
		name   string
		change func(r *repo)
		dir    string
		flags  []string
		want   string
	}{
		{"nothing", func(*repo) {}, "", nil, ""},
		{"committed", func(r *repo) { r.write(price); r.commit() }, "", nil, "cart e2e price"},
		{"staged", func(r *repo) { r.write(price); r.git("add", "-A") }, "", nil, "cart e2e price"},
		{"in the working tree", func(r *repo) { r.write(price) }, "", nil, "cart e2e price"},
		{"untracked", func(r *repo) { r.write("-- cart/new_test.go --\npackage cart\n") }, "", nil, "cart"},
		{"changed back", func(r *repo) {
			r.write(price)
			r.commit()
			r.git("checkout", "main", "--", "price")
		}, "", nil, ""},
		{"of main, after the branch", func(r *repo) {
			r.git("checkout", "-q", "main")
			r.write(price)
			r.commit()
			r.git("checkout", "-q", "work")
		}, "", nil, ""},
		{"merged from main", func(r *repo) {
			r.git("checkout", "-q", "main")
			r.write(price)
			r.commit()
			r.git("checkout", "-q", "work")
			r.git("merge", "-q", "main")
			r.write("-- cart/new_test.go --\npackage cart\n")
		}, "", nil, "cart"},
		{"from below", func(r *repo) { r.write(price) }, "cart", nil, "cart"},
		{"testdata", func(r *repo) { r.write("-- price/testdata/more.txt --\nx\n") }, "", nil, "cart e2e price"},
		{"an embedded file", func(r *repo) { r.write("-- web/assets/app.js --\ny\n") }, "", nil, "web"},
		{"with tags", func(r *repo) { r.write("-- web/assets/app.js --\ny\n") }, "", []string{"-tags=tagged"}, "tagged web"},
		{"no package", func(r *repo) { r.write("-- docs/readme.md --\ny\n") }, "", nil, ""},
		{"a package deleted", func(r *repo) { r.remove("price") }, "", nil, "cart e2e"},
		{"a package renamed", func(r *repo) {
			r.git("mv", "price", "cost")
			r.write("-- cart/cart.go --\npackage cart\n\nimport _ \"example.com/m/cost\"\n-- cost/price.go --\npackage cost\n-- cost/price_test.go --\npackage cost\n")
			r.commit()
		}, "", nil, "cart cost e2e"},
		{"go.mod", func(r *repo) { r.write("-- go.mod --\nmodule example.com/m\n\ngo 1.25\n") }, "", nil, "everything"},
		{"an ignored Go file", func(r *repo) { r.write("-- cart/gen.ignored.go --\npackage cart\n") }, "", nil, "cart e2e"},
		{"a test that does not compile", func(r *repo) {
			r.write("-- web/web_test.go --\npackage web\n\nimport _ \"example.com/m/none\"\n")
			r.commit()
		}, "", nil, "web"},
		{"colours and renames configured", func(r *repo) {
			r.git("config", "color.ui", "always")
			r.git("config", "diff.renames", "copies")
			r.git("config", "diff.relative", "true")
			r.git("mv", "web/assets/app.js", "web/assets/old.js")
		}, "price", nil, ""},
		{"a strange name", func(r *repo) { r.write("-- price/testdata/ü x.txt --\n") }, "", nil, "cart e2e price"},
		{"a repository within", func(r *repo) {
			r.write("-- price/inner/a.txt --\n")
			cmd := exec.Command("git", "init", "-q", filepath.Join(r.dir, "price", "inner"))
			cmd.Env = r.env
			if out, err := cmd.CombinedOutput(); err != nil {
				r.t.Fatalf("git init: %v\n%s", err, out)
			}
		}, "", nil, "cart e2e price"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t, module)
			tt.change(r)
			res, err := r.find(tt.dir, "main", tt.flags...)
			if err != nil {
				t.Fatal(err)
			}
			if got := short(res); got != tt.want {
				t.Errorf("got %q, want %q\n%s", got, tt.want, describe(res))
			}
		})
	}
}

// TestFindRefs is about names that no commit has, and places where git cannot tell.
func TestFindRefs(t *testing.T) {
	t.Parallel()
	const unknown = "git knows no commit of that name (a branch of another repository is fetched by: git fetch origin "
	r := newRepo(t, module)
	r.git("tag", "-a", "v1", "-m", "v1")
	r.write("-- price/price.go --\npackage price\n\nvar X int\n")
	r.commit()
	r.git("tag", "tree", "HEAD^{tree}")
	for _, tt := range []struct{ ref, want string }{
		{"main", "cart e2e price"},
		{"v1", "cart e2e price"}, // an annotated tag
		{"HEAD~1", "cart e2e price"},
		{"HEAD", ""},
		{"work", ""},
		{strings.TrimSpace(r.git("rev-parse", "main")), "cart e2e price"},

		{"", "the name of a commit is needed, such as main"},
		{"mian", unknown + "mian)"},
		{"origin/main", unknown + "origin/main)"},
		{"deadbeef", unknown + "deadbeef)"},
		{strings.Repeat("0", 40), unknown + strings.Repeat("0", 40) + ")"},
		{"HEAD~99", unknown + "HEAD~99)"},
		{"tree", unknown + "tree)"},
		{"main:go.mod", unknown + "main:go.mod)"},
		{"-n", unknown + "-n)"},
		{"--all", unknown + "--all)"},
		{"ma in", unknown + "ma in)"},
		{"main@{never}", unknown + "main@{never})"},
		{"main..HEAD", "one commit is needed, not a range: changes are those since HEAD left it"},
		{"main...work", "one commit is needed, not a range: changes are those since HEAD left it"},
		{"..", "one commit is needed, not a range: changes are those since HEAD left it"},
		{"main\n", "no commit has such a name"},
		{"main\x00", "no commit has such a name"},
		{"^main", "no commit has such a name"},
		{"*", unknown + "*)"},
	} {
		res, err := r.find("", tt.ref)
		want := tt.want
		if err != nil {
			want = fmt.Sprintf("changed since %q: %s", tt.ref, tt.want)
		} else if got := short(res); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.ref, got, tt.want)
		}
		if err != nil && err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", tt.ref, err, want)
		}
	}
}

func TestFindWithoutHistory(t *testing.T) {
	t.Parallel()
	const shallow = "; this clone is shallow: git fetch --unshallow, or fetch-depth: 0 in the checkout of a CI job"
	origin := newRepo(t, module)
	origin.write("-- price/price.go --\npackage price\n\nvar X int\n")
	origin.commit()
	clone := func(t *testing.T, flags ...string) *repo {
		r := &repo{t: t, dir: t.TempDir(), env: origin.env}
		r.git(slices.Concat([]string{"clone", "-q"}, flags, []string{"file://" + filepath.ToSlash(origin.dir), "."})...)
		return r
	}
	for _, tt := range []struct {
		name string
		make func(t *testing.T) *repo
		ref  string
		want string // of the error; "=" before what is found
	}{
		{"a whole clone", func(t *testing.T) *repo { return clone(t) }, "origin/main", "=cart e2e price"},
		{"a shallow clone without the branch", func(t *testing.T) *repo { return clone(t, "--depth=1") }, "origin/main",
			"git knows no commit of that name (a branch of another repository is fetched by: git fetch origin origin/main)" + shallow},
		{"a shallow clone with the branch", func(t *testing.T) *repo { return clone(t, "--depth=1", "--no-single-branch") }, "origin/main", "it has no commit in common with HEAD" + shallow},
		{"a shallow clone, its own commit", func(t *testing.T) *repo { return clone(t, "--depth=1") }, "HEAD", "="},
		{"no common commit", func(t *testing.T) *repo {
			r := clone(t)
			r.git("checkout", "-q", "--orphan", "other")
			r.commit()
			return r
		}, "origin/main", "it has no commit in common with HEAD"},
		{"no commit", func(t *testing.T) *repo {
			r := clone(t)
			r.git("checkout", "-q", "--orphan", "other")
			return r
		}, "origin/main", "there is no commit yet"},
		{"no repository", func(t *testing.T) *repo {
			r := clone(t)
			r.remove(".git")
			return r
		}, "main", "no working tree of git here: git rev-parse: exit status 128: fatal: not a git repository"},
		{"a bare repository", func(t *testing.T) *repo { return clone(t, "--bare") }, "main", "no working tree of git here: git rev-parse: exit status 128: fatal: this operation must be run in a work tree"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.make(t)
			r.env = append(slices.Clone(r.env), "GIT_CEILING_DIRECTORIES="+filepath.Dir(r.dir))
			res, err := r.find("", tt.ref)
			if want, found := strings.CutPrefix(tt.want, "="); found {
				if err != nil || short(res) != want {
					t.Errorf("got %+v, %v, want %s", res, err, want)
				}
				return
			}
			if want := fmt.Sprintf("changed since %q: %s", tt.ref, tt.want); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v\nwant  %s", err, want)
			}
		})
	}
}

// TestFindCrosswise is about two branches that were merged into each other: both merge bases count.
func TestFindCrosswise(t *testing.T) {
	t.Parallel()
	r := newRepo(t, module)
	r.write("-- price/price.go --\npackage price\n\nvar X int\n")
	r.commit()
	r.git("tag", "a")
	r.git("checkout", "-q", "main")
	r.write("-- web/assets/app.js --\ny\n")
	r.commit()
	r.git("tag", "b")
	r.git("merge", "-q", "a")
	r.git("checkout", "-q", "work")
	r.git("merge", "-q", "b")
	res, err := r.find("", "main")
	if err != nil || short(res) != "cart e2e price web" {
		t.Errorf("got %+v, %v", res, err)
	}
}

// TestFindOutside is about a workspace with a module of another repository.
func TestFindOutside(t *testing.T) {
	t.Parallel()
	r := newRepo(t, module)
	other := t.TempDir()
	r.write("-- go.work --\ngo 1.24\n\nuse (\n\t.\n\t" + filepath.ToSlash(other) + "\n)\n-- web/web_test.go --\npackage web\n\nimport _ \"example.com/other\"\n")
	(&repo{t: t, dir: other}).write("-- go.mod --\nmodule example.com/other\n\ngo 1.24\n-- other.go --\npackage other\n")
	r.commit()
	res, err := r.find("", "HEAD")
	if want := "example.com/m/web: its tests: depends on example.com/other (is not in this repository, so its changes are not known)"; err != nil || describe(res) != want {
		t.Errorf("got %v, %v\nwant %s", res, err, want)
	}
}

func TestFindGoList(t *testing.T) {
	t.Parallel()
	r := newRepo(t, module)
	if _, err := r.find("", "main", "-nosuchflag"); err == nil || !strings.HasPrefix(err.Error(), `changed since "main": go list: exit status 2: flag provided but not defined: -nosuchflag`) {
		t.Errorf("error %v", err)
	}
}

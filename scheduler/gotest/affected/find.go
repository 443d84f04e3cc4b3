package affected

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say what to look for.
type Options struct {
	// Dir is where the go command runs, "" for the current directory.
	Dir string
	// Ref names the commit to compare with, as git understands it.
	Ref string
	// Flags are the flags of the build, as go list takes them; Patterns are the packages to test,
	// none for the one in Dir.
	Flags, Patterns []string
	// Env is the environment of both commands; nil is this process's.
	Env []string
}

// Find returns the packages whose tests the changes since the merge base of Ref and HEAD can reach:
// what is committed, in the index, in the working tree, and untracked files. The error is about
// Ref, about git, or about the go command, and says what to do.
func Find(ctx context.Context, o Options) (*Result, error) {
	g, err := openRepository(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	changes, tracked, err := g.changes(ctx, o.Ref)
	if err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	packages, err := goList(ctx, o, g.root)
	if err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	return Decide(changes, packages, tracked), nil
}

// repository is a git working tree.
type repository struct {
	root string // absolute, without symbolic links
	env  []string
}

// openRepository finds the repository that the directory is in.
func openRepository(ctx context.Context, o Options) (*repository, error) {
	g := &repository{root: o.Dir, env: o.Env}
	out, err := g.git(ctx, "rev-parse", "--show-toplevel")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is needed to know what has changed, and is not installed")
	case err != nil:
		return nil, fmt.Errorf("no working tree of git here: %w", err)
	}
	root := filepath.FromSlash(strings.TrimSuffix(string(out), "\n"))
	if g.root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, err
	}
	return g, nil
}

// changes returns the files that differ from the merge base of ref and HEAD, and all that git knows.
func (g *repository) changes(ctx context.Context, ref string) ([]Change, map[string]bool, error) {
	bases, err := g.mergeBases(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	var changes []Change
	// Branches that were merged crosswise have several merge bases: what differs from any counts.
	for _, base := range bases {
		out, err := g.git(ctx, "diff", "--name-status", "-z", "--no-renames", "--no-relative", "--no-ext-diff", "--no-color", "--ignore-submodules=none", base, "--")
		if err != nil {
			return nil, nil, err
		}
		some, err := ParseNameStatus(out)
		if err != nil {
			return nil, nil, err
		}
		changes = append(changes, some...)
	}
	tracked, err := g.files(ctx, "--recurse-submodules")
	if err != nil {
		return nil, nil, err
	}
	untracked, err := g.files(ctx, "--others", "--exclude-standard")
	if err != nil {
		return nil, nil, err
	}
	known := make(map[string]bool, len(tracked)+len(untracked))
	for _, file := range tracked {
		known[file] = true
	}
	for _, file := range untracked {
		known[file] = true
		changes = append(changes, Change{Path: file})
	}
	slices.SortStableFunc(changes, func(a, b Change) int {
		if a.Path == b.Path && a.Deleted != b.Deleted { // the one that says more stays
			return map[bool]int{true: -1, false: 1}[a.Deleted]
		}
		return strings.Compare(a.Path, b.Path)
	})
	return slices.CompactFunc(changes, func(a, b Change) bool { return a.Path == b.Path }), known, nil
}

func (g *repository) files(ctx context.Context, flags ...string) ([]string, error) {
	out, err := g.git(ctx, append([]string{"ls-files", "-z"}, flags...)...)
	if err != nil {
		return nil, err
	}
	return ParseFiles(out)
}

// mergeBases returns the commits at which HEAD and ref went apart.
func (g *repository) mergeBases(ctx context.Context, ref string) ([]string, error) {
	if ref == "" {
		return nil, errors.New("the name of a commit is needed, such as main")
	}
	if strings.Contains(ref, "..") {
		return nil, errors.New("one commit is needed, not a range: changes are those since HEAD left it")
	}
	if strings.HasPrefix(ref, "^") || strings.ContainsFunc(ref, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errors.New("no commit has such a name")
	}
	commit, err := g.commit(ctx, ref)
	if err != nil {
		return nil, err
	}
	head, err := g.commit(ctx, "HEAD")
	if err != nil {
		return nil, err
	}
	out, err := g.git(ctx, "merge-base", "--all", commit, head)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return nil, fmt.Errorf("it has no commit in common with HEAD%s", g.shallowHint(ctx))
	}
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}

// commit returns the hash of the commit with that name.
func (g *repository) commit(ctx context.Context, name string) (string, error) {
	out, err := g.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case failed && exit.ExitCode() == 1 && name == "HEAD":
		return "", errors.New("there is no commit yet")
	case failed && (exit.ExitCode() == 1 || exit.ExitCode() == 128):
		return "", fmt.Errorf("git knows no commit of that name (a branch of another repository is fetched by: git fetch origin %s)%s", name, g.shallowHint(ctx))
	case err != nil:
		return "", err
	}
	return strings.TrimSpace(string(out)), nil
}

// shallowHint says, in a clone without its history, how to get it.
func (g *repository) shallowHint(ctx context.Context) string {
	out, err := g.git(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || strings.TrimSpace(string(out)) != "true" {
		return "" // a hint only: the error itself has been found
	}
	return "; this clone is shallow: git fetch --unshallow, or fetch-depth: 0 in the checkout of a CI job"
}

// git runs git in the repository and returns what it prints.
func (g *repository) git(ctx context.Context, args ...string) ([]byte, error) {
	out, err := output(ctx, g.root, g.env, "git", args...)
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// goList asks the go command for the packages and all that they and their tests depend on.
func goList(ctx context.Context, o Options, root string) ([]Package, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	// The go command prints directories below the one it was started in, as that was written.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	args := append([]string{"list", "-e", "-deps", "-test", "-json=" + listFields}, o.Flags...)
	env := o.Env
	if env != nil {
		env = append(slices.Clone(env), "PWD="+dir)
	}
	out, err := output(ctx, dir, env, "go", append(append(args, "--"), o.Patterns...)...)
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return ParseGoList(bytes.NewReader(out), root)
}

// output runs a command and returns its stdout; its stderr is in the error.
func output(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second // children that keep stdout open
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return nil, fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	return stdout.Bytes(), nil
}

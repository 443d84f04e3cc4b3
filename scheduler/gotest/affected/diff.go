package affected

import (
	"context"
	"fmt"
)

// Difference is what has changed since a commit, line by line.
type Difference struct {
	// Root is the working tree's folder, absolute and without symbolic links.
	Root string
	// Patches are what git diff prints without context, with the prefixes a/ and b/: one for each
	// merge base, of which there are several if branches were merged crosswise.
	Patches [][]byte
	// Untracked are the files that git does not know and does not ignore, relative to Root, with
	// slashes.
	Untracked []string
}

// Diff returns what differs between the working tree and the merge base of o.Ref and HEAD. Only o.Dir,
// o.Ref and o.Env count. The error is about Ref or about git, and says what to do.
func Diff(ctx context.Context, o Options) (*Difference, error) {
	g, err := openRepository(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	d := &Difference{Root: g.root}
	bases, err := g.mergeBases(ctx, o.Ref)
	if err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	for _, base := range bases {
		patch, err := g.patch(ctx, base)
		if err != nil {
			return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
		}
		d.Patches = append(d.Patches, patch)
	}
	if d.Untracked, err = g.files(ctx, "--others", "--exclude-standard"); err != nil {
		return nil, fmt.Errorf("changed since %q: %w", o.Ref, err)
	}
	return d, nil
}

// patch is what differs from a commit. No setting of the user's or of .gitattributes changes its
// form: a file that is shown as binary has lines too.
func (g *repository) patch(ctx context.Context, base string) ([]byte, error) {
	return g.git(ctx, "diff", "--unified=0", "--inter-hunk-context=0", "--find-renames", "--text", "--no-relative",
		"--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
		"--ignore-submodules=all", base, "--")
}

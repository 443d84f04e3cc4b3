package main

import (
	"context"
	"slices"
)

// standard are packages of the standard library that need no network and no second machine. Their tests are bound by the
// processor, and some 80 binaries have to be linked for them.
func standard() []string {
	return []string{
		"archive/...", "bufio", "bytes", "compress/...", "container/...", "encoding/...", "errors", "fmt", "go/ast",
		"go/constant", "go/doc/...", "go/format", "go/parser", "go/printer", "go/scanner", "go/token", "hash/...", "html/...",
		"image/...", "index/...", "io/...", "math/big", "math/rand/...", "mime/...", "net/netip", "net/url", "path/...",
		"regexp/...", "slices", "sort", "strconv", "strings", "text/...", "unicode/...",
	}
}

// standardModule is the module that the standard library is tested from.
func (b *bench) standardModule(ctx context.Context) (*module, error) {
	m := b.newModule("standard")
	return m, b.warm(ctx, m, standard()...)
}

func packagesRow(ctx context.Context, b *bench) ([]table, error) {
	m, err := b.standardModule(ctx)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-count=1", "-short"}, standard()...)
	contestants := b.pair(m.dir, nil, args)
	contestants = append(contestants, contestant{
		name: "cohort, again, links anew", dir: m.dir, argv: b.cohortArgs([]string{"--link-cache=false"}, args),
	})
	return []table{{
		title:  "packages of the standard library, -short -count=1, workers = cores",
		rounds: 3, contestants: contestants,
	}}, nil
}

// analyzers are some fifty packages of a module in go.mod. Their binaries hold a good part of x/tools and of go/types, as
// those of a real repository hold what it is made of.
const analyzers = "golang.org/x/tools/go/analysis/passes/..."

func noRunRow(ctx context.Context, b *bench) ([]table, error) {
	m, err := b.standardModule(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.do(ctx, "", "go", "test", "-run", "^$", analyzers); err != nil {
		return nil, err
	}
	args := []string{"-count=1", "-run", "^$"}
	return []table{
		{
			title: "some 80 packages of the standard library, -count=1 -run '^$'", rounds: 3,
			contestants: b.pair(m.dir, nil, append(slices.Clone(args), standard()...)),
		},
		{
			title: "the analyzers of x/tools, -count=1 -run '^$'", rounds: 2,
			contestants: b.pair("", nil, append(slices.Clone(args), analyzers)),
		},
	}, nil
}

func cachedRow(ctx context.Context, b *bench) ([]table, error) {
	m, err := b.standardModule(ctx)
	if err != nil {
		return nil, err
	}
	args := append([]string{"-short"}, standard()...)
	contestants := b.contestants(m.dir, nil, args)
	contestants = slices.DeleteFunc(contestants, func(c contestant) bool { return c.before != nil && c.name != "cohort, again" })
	// The results of go test and of cohort are two entries of the cache: -exec is part of the key.
	for _, c := range contestants {
		if _, err := b.once(ctx, &c); err != nil {
			return nil, err
		}
	}
	return []table{{title: "the same packages, results cached", rounds: 9, contestants: contestants}}, nil
}

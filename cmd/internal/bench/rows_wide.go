package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
)

// wideRow measures what many workers cost while packages are built: go test builds as many at a time
// as there are cores, and with as many workers no more are to be built, although more are open.
func wideRow(ctx context.Context, b *bench) ([]table, error) {
	const packages, workers = 100, 48
	m := b.newModule("wide")
	stamp := 0
	// anew changes all packages, so that each contestant has to build them.
	anew := func() error {
		stamp++
		for i := range packages {
			pkg := fmt.Sprintf("p%03d", i)
			m.file(filepath.Join(pkg, "stamp_test.go"), fmt.Appendf(nil, "package %s\n\nconst stamp = %d\n", pkg, stamp))
		}
		return m.err
	}
	for i := range packages {
		m.trivial(fmt.Sprintf("p%03d", i))
	}
	if err := anew(); err != nil {
		return nil, err
	}
	if err := b.warm(ctx, m, "./..."); err != nil {
		return nil, err
	}
	all := b.pair(m.dir, []string{"--workers", strconv.Itoa(workers)}, []string{"-count=1", "./..."})
	gotest, cohort := all[0], all[1]
	gotest.before = anew
	cohort.before = func() error {
		if err := b.fresh(); err != nil {
			return err
		}
		return anew()
	}
	return []table{{
		title: fmt.Sprintf("%d packages of ten trivial tests to compile and link, %d workers", packages, workers), rounds: 2,
		contestants: []contestant{gotest, cohort},
	}}, nil
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// beginners are the contestants of rows about a first run: go test, cohort for the first time ever,
// cohort with a history when everything is linked anew, and cohort when nothing is.
func (b *bench) beginners(dir string, own, args []string) []contestant {
	all := b.pair(dir, own, args)
	history := all[2]
	history.name, history.argv = "cohort, with history, links anew", b.cohortArgs(slices.Concat(own, []string{"--link-cache=false"}), args)
	return []contestant{all[0], all[1], history, all[2]}
}

func firstRow(ctx context.Context, b *bench) ([]table, error) {
	const tests, each, workers, quick = 8, 600 * time.Millisecond, 4, 15
	var tables []table
	for _, others := range []int{0, quick} {
		m := b.newModule(fmt.Sprintf("first%d", others))
		for i := range others {
			m.trivial(fmt.Sprintf("quick%02d", i))
		}
		m.sleeps("slow", tests, each)
		if err := b.warm(ctx, m, "./..."); err != nil {
			return nil, err
		}
		tables = append(tables, table{
			title: fmt.Sprintf("%d tests that sleep %v, %d quick packages, %d workers", tests, each, others, workers), rounds: 3,
			bound:       bound(tests*each, each, workers),
			contestants: b.beginners(m.dir, []string{"--workers", strconv.Itoa(workers)}, []string{"-count=1", "./..."}),
		})
	}
	return tables, nil
}

// raceRow measures what cohort's processes cost if each sleeps for a second at its end.
func raceRow(ctx context.Context, b *bench) ([]table, error) {
	// Under go test -json, which cohort runs, tests are verbose, and package sort then counts
	// operations for seconds. With -v go test does the same work.
	busy := []string{"-race", "-v", "-count=1", "strings", "sort", "bytes", "path", "strconv", "errors"}
	const packages, tests, each, workers = 4, 30, 20 * time.Millisecond, 4
	m := b.newModule("race")
	for i := range packages {
		m.sleeps(fmt.Sprintf("wait%d", i), tests, each)
	}
	waiting := []string{"-race", "-count=1", "./..."}
	for _, args := range [][]string{busy, waiting} {
		if err := b.warm(ctx, m, args...); err != nil {
			return nil, err
		}
	}
	// The makefile of this project shortens the sleep for its own tests.
	long := func(contestants []contestant) []contestant {
		for i := range contestants {
			contestants[i].env = append(contestants[i].env, "GORACE=")
		}
		return contestants
	}
	return []table{
		{
			title:  "six packages of the standard library, -race -v -count=1, workers = cores",
			rounds: 2, contestants: long(b.pair(m.dir, nil, busy)),
		},
		{
			title:  fmt.Sprintf("%d packages of %d tests that sleep %v, -race -count=1, %d workers", packages, tests, each, workers),
			rounds: 2, contestants: long(b.beginners(m.dir, []string{"--workers", strconv.Itoa(workers)}, waiting)),
		},
	}, nil
}

// coverRow measures what it costs to join the profiles of many processes, each of which is about
// every package.
func coverRow(ctx context.Context, b *bench) ([]table, error) {
	const packages = 20
	m := b.newModule("cover")
	for i := range packages {
		m.covered(fmt.Sprintf("covered%02d", i))
	}
	profile := func(name string) []string {
		return []string{"-count=1", "-coverpkg=./...", "-coverprofile=" + filepath.Join(b.tmp, name), "./..."}
	}
	if err := b.warm(ctx, m, profile("warm.out")...); err != nil {
		return nil, err
	}
	return []table{{
		title:  fmt.Sprintf("%d packages of ten tests, -coverpkg=./... -coverprofile, workers = cores", packages),
		rounds: 3, contestants: b.contestants(m.dir, nil, profile("cover.out")),
	}}, nil
}

// covered adds a package of a hundred functions with branches, and ten tests that call them for
// some milliseconds.
func (m *module) covered(pkg string) {
	var code, tests bytes.Buffer
	fmt.Fprintf(&code, "package %s\n", pkg)
	for i := range 100 {
		fmt.Fprintf(&code, "\nfunc f%[1]d(n int) int {\n\tif n%%2 == 0 {\n\t\treturn n / 2\n\t}\n\tif n > %[1]d {\n\t\treturn n - %[1]d\n\t}\n\treturn 3*n + 1\n}\n", i)
	}
	fmt.Fprintf(&tests, "package %s\n\nimport \"testing\"\n", pkg)
	for i := range 10 {
		fmt.Fprintf(&tests, "\nfunc TestCovered%d(t *testing.T) {\n\tn := 27\n\tfor range 1_000_000 {\n\t\tn = f%d(n)\n\t}\n\tif n < 0 {\n\t\tt.Fail()\n\t}\n}\n", i, 10*i)
	}
	m.file(pkg+"/"+pkg+".go", code.Bytes())
	m.file(pkg+"/"+pkg+"_test.go", tests.Bytes())
}

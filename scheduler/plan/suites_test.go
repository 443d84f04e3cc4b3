package plan

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

// suites returns the runs that the promise is tested with.
func suites(t *testing.T) []suite {
	recorded := recordedSuites(t)
	var all suite
	all.name = "all recorded"
	for _, s := range recorded {
		all.packages = append(all.packages, s.packages...)
	}
	return append(recorded, all, spread("all recorded, built one by one", all, 200*ms),
		sleeps("64 sleeps", 3*ms), sleeps("64 sleeps, slow start", 75*ms),
		uneven("80% in one package", 80), uneven("80% in one package of 20", 20),
		trivial(1000), trivial(100), heavyTail(), oneLong(),
		spread("80% in one package, built one by one", uneven("", 80), 50*ms),
		slowStarts())
}

// spread lets packages arrive one after the other.
func spread(name string, s suite, every time.Duration) suite {
	out := suite{name: name}
	for i, p := range s.packages {
		p.arrives = time.Duration(i) * every
		out.packages = append(out.packages, p)
	}
	return out
}

// sleeps is a package whose tests only wait.
func sleeps(name string, startup time.Duration) suite {
	return suite{name: name, packages: []simPackage{{startup: startup, units: repeat(64, 250*ms)}}}
}

func repeat(n int, d time.Duration) []simUnit {
	units := make([]simUnit, n)
	for i := range units {
		units[i] = simUnit{takes: d, tests: 1}
	}
	return units
}

// uneven is 20 packages of 100 ms and one of 8 s in n tests.
func uneven(name string, n int) suite {
	s := suite{name: name}
	for range 20 {
		s.packages = append(s.packages, simPackage{startup: 4 * ms, units: repeat(20, 5*ms)})
	}
	s.packages = append(s.packages, simPackage{startup: 4 * ms, units: repeat(n, 8*time.Second/time.Duration(n))})
	return s
}

// trivial is many packages of ten tests that do next to nothing.
func trivial(packages int) suite {
	s := suite{name: fmt.Sprintf("%d trivial packages", packages)}
	for range packages {
		s.packages = append(s.packages, simPackage{startup: 3 * ms, units: repeat(10, 100*time.Microsecond)})
	}
	return s
}

// heavyTail has durations of a Pareto distribution, cut at 20 s: most are short, and a few make
// most of the time.
func heavyTail() suite {
	rnd := rand.New(rand.NewPCG(11, 12))
	s := suite{name: "heavy tail"}
	for range 30 {
		p := simPackage{startup: time.Duration(3+rnd.IntN(30)) * ms}
		for range 5 + rnd.IntN(80) {
			d := time.Duration(float64(2*ms) * math.Pow(rnd.Float64(), -1/1.1))
			p.units = append(p.units, simUnit{takes: min(d, 20*time.Second), tests: 1})
		}
		s.packages = append(s.packages, p)
	}
	return s
}

// oneLong is a test of 2 s among 200 of 20 ms.
func oneLong() suite {
	return suite{name: "one long test", packages: []simPackage{{startup: 5 * ms, units: append(repeat(200, 20*ms), simUnit{takes: 2 * time.Second, tests: 1})}}}
}

// slowStarts is large binaries with groups of steps and loose tests.
func slowStarts() suite {
	s := suite{name: "slow starts and groups"}
	for i := range 12 {
		p := simPackage{startup: 75 * ms, units: repeat(30, 50*ms)}
		for g := range 3 {
			p.units = append(p.units, simUnit{takes: time.Duration(200+100*i+50*g) * ms, tests: 6, group: true})
		}
		s.packages = append(s.packages, p)
	}
	return s
}

// recordedSuites reads testdata, see its README.
func recordedSuites(t *testing.T) []suite {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	var all []suite
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		all = append(all, suite{name: name, packages: []simPackage{{startup: 4 * ms, units: readRecording(t, file)}}, recorded: true})
	}
	return all
}

func readRecording(t *testing.T, file string) []simUnit {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var units []simUnit
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var name string
		var micros int64
		if _, err := fmt.Sscan(lines.Text(), &name, &micros); err != nil {
			t.Fatalf("%s: %q: %v", file, lines.Text(), err)
		}
		units = append(units, simUnit{takes: time.Duration(micros) * time.Microsecond, tests: 1})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return units
}

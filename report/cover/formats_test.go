package cover

import (
	"encoding/xml"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sampleSources has the module of the samples at the root of its repository.
func sampleSources() Sources {
	return Sources{Root: "/repository", Path: func(file string) string { return strings.TrimPrefix(file, "example.com/m/") }}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// hitsByLine are the hits by file and line. In a profile that only says whether a line ran, one
// converter adds the blocks of a line up and the other does not: there it is 0 or 1.
func hitsByLine(set bool, all map[string][]LineHits) map[string]int {
	hits := make(map[string]int)
	for file, lines := range all {
		for _, l := range lines {
			n := l.Hits
			if set {
				n = min(n, 1)
			}
			hits[file+":"+strconv.Itoa(l.Line)] = n
		}
	}
	return hits
}

func compareHits(t *testing.T, got, want map[string]int) {
	t.Helper()
	if len(want) < 20 {
		t.Errorf("the converter has %d lines", len(want))
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		if n, ok := got[line]; !ok || n != want[line] {
			t.Errorf("%s: %d hits (%v), want %d", line, n, ok, want[line])
		}
	}
	for _, line := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[line]; !ok {
			t.Errorf("%s is not in the converter's", line)
		}
	}
}

func readLCOV(t *testing.T, text string) map[string][]LineHits {
	t.Helper()
	all := make(map[string][]LineHits)
	file := ""
	for line := range strings.Lines(text) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch word {
		case "SF":
			file = value
		case "DA":
			number, hits, _ := strings.Cut(value, ",")
			n, err1 := strconv.Atoi(number)
			h, err2 := strconv.Atoi(hits)
			if err1 != nil || err2 != nil {
				t.Fatalf("%q", line)
			}
			all[file] = append(all[file], LineHits{n, h})
		case "LF":
			if value != strconv.Itoa(len(all[file])) {
				t.Errorf("%s: %s lines, want %d", file, value, len(all[file]))
			}
		case "LH":
			if value != strconv.Itoa(lineShare(all[file]).Covered) {
				t.Errorf("%s: %s lines that ran, want %d", file, value, lineShare(all[file]).Covered)
			}
		case "TN", "end_of_record":
		default:
			t.Errorf("%q is no line of a tracefile that is written here", line)
		}
	}
	return all
}

func readCobertura(t *testing.T, text string) (coberturaCoverage, map[string][]LineHits) {
	t.Helper()
	var doc coberturaCoverage
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]LineHits)
	for _, p := range doc.Packages {
		for _, c := range p.Classes {
			for _, l := range c.Lines {
				all[c.Filename] = append(all[c.Filename], LineHits{l.Number, l.Hits})
			}
		}
	}
	return doc, all
}

// TestLikeConverters compares both formats with what the known converters make of the same profile.
func TestLikeConverters(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"set", "count"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p, err := Parse(strings.NewReader(readFile(t, mode+".profile")))
			if err != nil {
				t.Fatal(err)
			}
			set := mode == "set"
			var lcov, cobertura strings.Builder
			if err := p.WriteLCOV(&lcov, sampleSources()); err != nil {
				t.Fatal(err)
			}
			compareHits(t, hitsByLine(set, readLCOV(t, lcov.String())), hitsByLine(set, readLCOV(t, readFile(t, mode+".info"))))

			if err := p.WriteCobertura(&cobertura, sampleSources(), time.UnixMilli(7)); err != nil {
				t.Fatal(err)
			}
			got, gotHits := readCobertura(t, cobertura.String())
			want, wantHits := readCobertura(t, readFile(t, mode+".xml"))
			compareHits(t, hitsByLine(set, gotHits), hitsByLine(set, wantHits))
			if got.LinesValid != want.LinesValid || got.LinesCovered != want.LinesCovered || !slices.Equal(got.Sources, want.Sources) || got.Timestamp != 7 {
				t.Errorf("%d of %d lines, sources %q, time %d; the converter has %d of %d, %q",
					got.LinesCovered, got.LinesValid, got.Sources, got.Timestamp, want.LinesCovered, want.LinesValid, want.Sources)
			}
			for i, p := range got.Packages {
				if p.Name != want.Packages[i].Name || !sameRate(t, p.LineRate, want.Packages[i].LineRate) {
					t.Errorf("package %s %s, want %s %s", p.Name, p.LineRate, want.Packages[i].Name, want.Packages[i].LineRate)
				}
			}
		})
	}
}

func sameRate(t *testing.T, a, b string) bool {
	t.Helper()
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 != nil || err2 != nil {
		t.Fatalf("%q and %q", a, b)
	}
	return x-y < 0.0001 && y-x < 0.0001
}

// TestCoberturaEscapes: names are text wherever they stand.
func TestCoberturaEscapes(t *testing.T) {
	t.Parallel()
	p := parsed(t, `m/a&<"x">.go:1.1,1.2 1 1`)
	var out strings.Builder
	src := Sources{Root: `C:/a&b`, Path: func(file string) string { return file }}
	if err := p.WriteCobertura(&out, src, time.Time{}); err != nil {
		t.Fatal(err)
	}
	doc, hits := readCobertura(t, out.String())
	if hits[`m/a&<"x">.go`] == nil || doc.Sources[0] != `C:/a&b` {
		t.Errorf("%v, %v in\n%s", hits, doc.Sources, &out)
	}
}

// TestNothing: a profile without statements is a file without packages.
func TestNothing(t *testing.T) {
	t.Parallel()
	var lcov, cobertura strings.Builder
	p := new(Profile)
	if err := p.WriteLCOV(&lcov, sampleSources()); err != nil || lcov.Len() > 0 {
		t.Errorf("%q, %v", &lcov, err)
	}
	if err := p.WriteCobertura(&cobertura, sampleSources(), time.Time{}); err != nil {
		t.Error(err)
	}
	if doc, _ := readCobertura(t, cobertura.String()); len(doc.Packages) > 0 || doc.LineRate != "1" {
		t.Errorf("%s", &cobertura)
	}
}

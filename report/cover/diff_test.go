package cover

import (
	"maps"
	"math"
	"reflect"
	"strings"
	"testing"
)

const sampleDiff = `diff --git a/gone.go b/gone.go
deleted file mode 100644
index 1..0
--- a/gone.go
+++ /dev/null
@@ -1,2 +0,0 @@
-package m
---- a/of the file itself
diff --git a/a.go b/b.go
similarity index 90%
rename from a.go
rename to b.go
index 1..2 100644
--- a/a.go
+++ b/b.go
@@ -3 +3,2 @@ func f() {
-	x()
+	y()
+++ b/not a header
@@ -7,0 +9 @@ func f() {
+	z()
\ No newline at end of file
@@ -20,3 +21,0 @@
-a
-b
-c
diff --git a/moved.go b/elsewhere.go
similarity index 100%
rename from moved.go
rename to elsewhere.go
diff --git "a/\303\244 \"q\".go" "b/\303\244 \"q\".go"
--- /dev/null
+++ "b/\303\244 \"q\".go"
@@ -0,0 +1,3 @@
+1
+2
+3
diff --git a/with space.go b/with space.go
--- a/with space.go	
+++ b/with space.go	
@@ -1 +1 @@
-1
+2
`

func TestParseDiff(t *testing.T) {
	t.Parallel()
	got, err := ParseDiff([]byte(sampleDiff))
	if err != nil {
		t.Fatal(err)
	}
	want := Changes{
		"b.go":          {{3, 4}, {9, 9}},
		`ä "q".go`:      {{1, 3}},
		"with space.go": {{1, 1}},
	}
	if !maps.EqualFunc(got, want, func(a, b Lines) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("%v, want %v", got, want)
	}
	for text, want := range map[string]string{
		"+++ c/a.go\n":                      "prefix b/",
		"+++ \"b/a\n":                       "quoted",
		"+++ b/a\n@@ -1 +1,2 @@\n+1\n":      "within a hunk",
		"+++ b/a\n@@ -1 +1 @@\n+1\n+2\n@@ ": "hunk",
		"+++ b/a\n@@ -1 +1 @@\n 1\n":        "fewer lines",
		"+++ b/a\n@@ -1 +x @@\n":            "is no hunk",
		"+++ b/a\n@@ -1 +0,2 @@\n":          "is no hunk",
		"+++ b/a\n@@ -1 +1,-2 @@\n":         "is no hunk",
	} {
		if _, err := ParseDiff([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestChangesAdd(t *testing.T) {
	t.Parallel()
	c := Changes{"a": {{5, 6}}}
	c.Add(Changes{"a": {{1, 2}, {5, 6}}, "b": AllLines()})
	want := Changes{"a": {{1, 2}, {5, 6}}, "b": {{1, math.MaxInt}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%v, want %v", c, want)
	}
	for line, want := range map[int]bool{1: true, 3: false, 6: true, 7: false} {
		if c["a"].Has(line) != want {
			t.Errorf("line %d: %v", line, !want)
		}
	}
}

// FuzzParseDiff: whatever git prints, the lines that come of it are lines.
func FuzzParseDiff(f *testing.F) {
	f.Add(sampleDiff)
	f.Fuzz(func(t *testing.T, text string) {
		changes, err := ParseDiff([]byte(text))
		if err != nil {
			return
		}
		for file, lines := range changes {
			for _, r := range lines {
				if file == "" || r.First < 1 || r.Last < r.First {
					t.Errorf("%q: %v", file, r)
				}
			}
		}
	})
}

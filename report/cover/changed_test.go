package cover

import (
	"maps"
	"reflect"
	"slices"
	"testing"
)

const sampleSource = `package m

// A comment.
const c = 1

func f(n int) int {
	// A comment in a block.

	if n > c {
		return 1
	}
	s := ` + "`a\n\nb`" + `
	return call(
		s,
	)
}

func empty() {}

var g = func() int {
	return 2
}
`

func TestSourceLines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lines lineSet
		want  []int
	}{
		"code":           {codeLines([]byte(sampleSource)), []int{1, 4, 6, 9, 10, 12, 13, 14, 15, 16, 20, 22, 23}},
		"statements":     {statementLines([]byte(sampleSource)), []int{6, 9, 10, 12, 13, 14, 15, 16, 22, 23}},
		"no Go":          {statementLines([]byte("package m\n\nfunc {\n\tx(\n}\n")), []int{1, 3, 4}},
		"a line comment": {statementLines([]byte("package m\n//line y.y:100\nfunc f() {\n\tf()\n}\n")), []int{3, 4}},
		"empty":          {codeLines(nil), nil},
	} {
		if got := slices.Sorted(maps.Keys(tc.lines)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	covered := &File{Name: "m/f.go", Blocks: []Block{
		{StartLine: 6, EndLine: 9, NumStmt: 1, Count: 1},
		{StartLine: 9, EndLine: 11, NumStmt: 1, Count: 0},
		{StartLine: 12, EndLine: 17, NumStmt: 2, Count: 0},
		{StartLine: 20, EndLine: 20, NumStmt: 0, Count: 0},
		{StartLine: 22, EndLine: 24, NumStmt: 1, Count: 1},
	}}
	for name, tc := range map[string]struct {
		file ChangedFile
		want Changed
	}{
		"everything": {ChangedFile{Lines: AllLines(), Covered: covered},
			Changed{Share{4, 10}, []Place{{"f.go", Range{10, 16}}}, nil}},
		"lines without statements": {ChangedFile{Lines: Lines{{1, 5}, {7, 8}, {11, 11}, {18, 21}}, Covered: covered}, Changed{}},
		"a line of two blocks":     {ChangedFile{Lines: Lines{{9, 9}}, Covered: covered}, Changed{Lines: Share{1, 1}}},
		"some": {ChangedFile{Lines: Lines{{10, 10}, {14, 14}, {23, 23}}, Covered: covered},
			Changed{Share{1, 3}, []Place{{"f.go", Range{10, 10}}, {"f.go", Range{14, 14}}}, nil}},
		"not measured": {ChangedFile{Lines: Lines{{6, 12}}},
			Changed{Share{0, 4}, []Place{{"f.go", Range{6, 12}}}, []string{"f.go"}}},
		"nothing to measure": {ChangedFile{Lines: Lines{{1, 5}, {20, 20}}}, Changed{}},
	} {
		tc.file.Path, tc.file.Source = "f.go", []byte(sampleSource)
		if got := Judge([]ChangedFile{tc.file}); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// FuzzStatementLines: a line with a statement is one that says something, in any text.
func FuzzStatementLines(f *testing.F) {
	f.Add([]byte(sampleSource))
	f.Fuzz(func(t *testing.T, src []byte) {
		code := codeLines(src)
		for line := range statementLines(src) {
			if line < 1 || !code[line] {
				t.Errorf("line %d", line)
			}
		}
	})
}

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fullTests are a package whose TestFills leaves no byte free on the disk of the file
// FAULTS_FULL, in attempt FAULTS_ATTEMPT, and whose TestFloods prints three megabytes,
// with the pipe FAULTS_PIPE while TestFills waits for that.
const fullTests = `package full

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

//cohort:group fills
func TestFills(t *testing.T) {
	if os.Getenv("FAULTS_ATTEMPT") != os.Getenv("COHORT_ATTEMPT") {
		t.Fatal("not in this attempt")
	}
	file, err := os.Create(os.Getenv("FAULTS_FULL"))
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
	}
	if os.Getenv("FAULTS_ATTEMPT") == "1" {
		flood()
	}
	open(t, ".full", os.O_WRONLY)
	open(t, ".flood", os.O_RDONLY)
}

//cohort:group floods
func TestFloods(t *testing.T) {
	open(t, ".full", os.O_RDONLY)
	flood()
	open(t, ".flood", os.O_WRONLY)
}

func open(t *testing.T, name string, flag int) {
	if pipe := os.Getenv("FAULTS_PIPE"); pipe != "" {
		file, err := os.OpenFile(pipe+name, flag, 0) // waits for the other end
		if err != nil {
			t.Fatal(err)
		}
		if flag == os.O_RDONLY {
			_, err = io.ReadAll(file)
		}
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
	}
}

func flood() {
	for i := range 3000 {
		fmt.Println("flood", i, strings.Repeat("x", 1000))
	}
}
`

// mountTiny is a shell script that runs a command beside a small disk of its own: its
// directory, size and the command. What is left in tmp there it reports.
const mountTiny = `disk=$1; size=$2; shift 2
mount -t tmpfs -o size=$size,mode=700 tmpfs "$disk" && mkdir "$disk/tmp" || exit 77
"$@"; code=$?
find "$disk/tmp" -mindepth 1 -maxdepth 1 -name 'cohort-*' | sed 's/^/left behind: /' >&2
exit $code`

// tiny returns the words that run a command beside a disk of that size at dir, or skips.
func tiny(t *testing.T, dir, size string) []string {
	t.Helper()
	words := []string{"unshare", "-m", "--", "sh", "-c", mountTiny, "sh", dir, size}
	if out, err := exec.Command(words[0], append(words[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no disk can be mounted here: %v %s", err, out)
	}
	return words
}

// TestFaultsOfFullDisks: no byte is free where cohort writes one of its files. What the
// user asked for is an error; what only helps is at most a warning.
func TestFaultsOfFullDisks(t *testing.T) {
	t.Parallel()
	d := newDiffer(t).quick(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	disk, dir := t.TempDir(), t.TempDir()
	beside := tiny(t, disk, "8m")
	small := slices.Clone(beside)
	small[len(small)-1] = "64k"
	writeModule(t, dir, map[string]string{"full/full.go": "package full\n\nfunc F() {}\n", "full/full_test.go": fullTests})
	tmp, full := filepath.Join(disk, "tmp"), filepath.Join(disk, "full")
	file := filepath.Join(tmp, "report")
	rerun := []string{"--rerun-fails=1", "--rerun-delay=0s"}
	once := []string{"--", "-count=1"}
	// Alone on the disk: what the go command removes of its own makes room.
	alone := []string{"TMPDIR=" + tmp, "GOTMPDIR=" + t.TempDir()}
	piped := append(slices.Clip(alone), "FAULTS_PIPE=")
	for name, test := range map[string]struct {
		beside []string
		env    []string
		args   []string
		exit   int
		says   string
	}{
		"held output":  {beside, piped, once, 0, ""},
		"test log":     {beside, piped, nil, 1, "testing: can't write " + tmp},
		"coverage":     {beside, piped, slices.Concat(once, []string{"-coverprofile=" + filepath.Join(t.TempDir(), "c")}), 1, "no space left"},
		"attempt":      {beside, append(slices.Clip(alone), "FAULTS_ATTEMPT=1"), slices.Concat(rerun, once), 3, "rerun example.com/faults/full fills: write"},
		"history":      {beside, []string{"XDG_CACHE_HOME=" + tmp, "COHORT_HISTORY="}, once, 0, "save history " + tmp},
		"link cache":   {small, []string{"COHORT_LINK_CACHE=" + tmp, "FAULTS_FULL=" + filepath.Join(disk, "full")}, once, 0, ""},
		"work":         {small, []string{"GOTMPDIR=" + tmp}, once, 1, "no space left"},
		"json":         {beside, nil, slices.Concat([]string{"--jsonfile=" + file}, once), 3, file},
		"timing":       {beside, nil, slices.Concat([]string{"--jsonfile-timing-events=" + file}, once), 3, file},
		"junit":        {beside, nil, slices.Concat([]string{"--junitfile=" + file}, once), 3, file},
		"rerun report": {beside, []string{"FAULTS_ATTEMPT=1"}, slices.Concat([]string{"--rerun-fails-report=" + file}, rerun, once), 3, file},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := slices.Concat([]string{"FAULTS_FULL=" + full, "FAULTS_ATTEMPT=0"}, test.env)
			pipe := filepath.Join(t.TempDir(), "pipe")
			if i := slices.Index(env, "FAULTS_PIPE="); i >= 0 {
				env[i] += pipe
				for _, end := range []string{".full", ".flood"} {
					if err := syscall.Mkfifo(pipe+end, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			r := d.command(t, dir, env, slices.Concat(test.beside, []string{
				d.subject, "--no-color", "--workers=2", "--shuffle=off", "--format=standard-verbose",
			}, test.args, goArgs(test.args))...)
			if r.exit != test.exit || !strings.Contains(string(r.stdout)+string(r.stderr), test.says) {
				t.Errorf("exit code %d, want %d and %q", r.exit, test.exit, test.says)
			}
			if !slices.Contains([]string{"work", "attempt", "rerun report", "json", "timing"}, name) { // these end early
				checkFlood(t, string(r.stdout))
			}
			if strings.Contains(string(r.stderr), "left behind") {
				t.Error("files are left behind")
			}
			if t.Failed() {
				t.Logf("%s\n%.2000s\n%s", r.command, r.stdout, r.stderr)
			}
		})
	}
}

// goArgs are what go test is told beside args: the package.
func goArgs(args []string) []string {
	if slices.Contains(args, "--") {
		return []string{"-vet=off", "./full"}
	}
	return []string{"--", "-vet=off", "./full"}
}

// checkFlood fails t unless all that TestFloods has printed is there, in order.
func checkFlood(t *testing.T, stdout string) {
	t.Helper()
	next := 0
	for line := range strings.Lines(stdout) {
		if strings.HasPrefix(line, fmt.Sprintf("flood %d ", next)) {
			next++
		}
	}
	if next != 3000 || !strings.Contains(stdout, "--- PASS: TestFills") || !strings.Contains(stdout, "--- PASS: TestFloods") {
		t.Errorf("%d lines of the flood, want 3000 and two tests that pass", next)
	}
}

// mountReadOnly is a shell script that runs a command for which nothing in a directory
// can be changed.
const mountReadOnly = `dir=$1; shift
mount --bind "$dir" "$dir" && mount -o remount,bind,ro "$dir" || exit 77
exec "$@"`

// TestFaultsOfReadOnlyCache: go test works with a cache to which nothing can be added,
// and so does cohort.
func TestFaultsOfReadOnlyCache(t *testing.T) {
	t.Parallel()
	d := newDiffer(t).quick(t)
	if d.plain {
		t.Skip("only cohort promises this")
	}
	tiny(t, t.TempDir(), "64k")
	dir := t.TempDir()
	unique := fmt.Sprintf("package q\n\nimport \"testing\"\n\nfunc TestNew(t *testing.T) { t.Log(%q) }\n", dir)
	writeModule(t, dir, map[string]string{"p/p_test.go": fmt.Sprintf(twoTests, "p"), "q/q_test.go": unique})
	// What the go command keeps of a package's files, once they are two seconds old, is all
	// that it must be able to write. So they are old, and it is kept.
	for _, name := range []string{"go.mod", "p/p_test.go", "q/q_test.go", "p", "q", "."} {
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	d.command(t, dir, nil, "go", "list", "./...")
	cache := strings.TrimSpace(string(d.command(t, dir, nil, "go", "env", "GOCACHE").stdout))
	for _, args := range [][]string{{"./..."}, {"./..."}, {"-count=1", "./..."}} {
		r := d.command(t, dir, nil, slices.Concat([]string{"unshare", "-m", "--", "sh", "-c", mountReadOnly, "sh", cache,
			d.subject, "--no-color", "--format=standard-verbose", "--", "-v"}, args)...)
		if got := strings.Count(string(r.stdout), "--- PASS: Test"); r.exit != 0 || got != 3 {
			t.Errorf("%s: exit code %d, %d tests passed, want 3\n%s%s", r.command, r.exit, got, r.stdout, r.stderr)
		}
	}
}

package testbin

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// capture is a run of a sample binary whose stream is a golden file.
type capture struct {
	name string // of the file, without extension
	pkg  string // under testdata/src
	args string
}

func captures() []capture {
	s := func(name, args string) capture { return capture{name, "sample", args} }
	return []capture{
		s("plain", "-test.run=^TestPlain$"),
		s("names", "-test.run=^TestNames$"),
		s("nested", "-test.run=^TestNested$"),
		s("parallel", "-test.run=^TestParallel|^TestSame$|^TestZLast$ -test.parallel=4"),
		s("parallel1", "-test.run=^TestParallel[AB]$|^TestPlain$ -test.parallel=2 -test.shuffle=3"),
		s("count", "-test.run=^TestParallelA$|^TestSame$|^TestPlain$|^FuzzSeeds$|^Example$ -test.count=2 -test.parallel=4"),
		s("cpu", "-test.run=^TestPlain$|^TestSame$|^FuzzSeeds$|^Example$ -test.cpu=1,2 -test.parallel=4"),
		s("shuffle", "-test.run=^TestPlain$|^TestSkip$|^TestFail$|^TestAttr$ -test.shuffle=7"),
		s("failfast", "-test.run=^TestParallelA$|^TestFail$|^TestPanic$|^TestZLast$|^FuzzSeeds$ -test.failfast -test.parallel=4"),
		s("print", "-test.run=^TestPrint$|^TestZLast$"),
		s("bytes", "-test.run=^TestBytes$|^TestZLast$"),
		s("attr", "-test.run=^TestAttr$"),
		s("artifacts", "-test.run=^TestArtifacts$ -test.artifacts -test.outputdir=OUT"),
		s("output", "-test.run=^TestOutput$"),
		s("cleanup", "-test.run=^TestCleanup$|^TestZLast$"),
		s("skip", "-test.run=^TestSkip$"),
		s("fail", "-test.run=^TestFail$|^TestZLast$"),
		s("nothing", "-test.run=^TestNoSuch$"),
		s("panic", "-test.run=^TestPanic$|^TestZLast$"),
		s("panicsub", "-test.run=^TestPanicSub$|^TestParallelA$"),
		s("panicparallel", "-test.run=^TestPanicParallel$|^TestParallelA$ -test.parallel=4"),
		s("panicgoroutine", "-test.run=^TestPanicGoroutine$|^TestPlain$"),
		s("paniccleanup", "-test.run=^TestPanicCleanup$"),
		s("goexit", "-test.run=^TestGoexit$"),
		s("failparent", "-test.run=^TestFailParent$|^TestZLast$"),
		s("exit", "-test.run=^TestParallelA$|^TestExit$"),
		s("exitzero", "-test.run=^TestExitZero$ -test.paniconexit0"),
		s("timeout", "-test.run=^TestParallelA$|^TestHang$ -test.timeout=100ms"),
		s("fuzz", "-test.run=^Fuzz"),
		s("examples", "-test.run=^TestPlain$|^Example$|^Example_(unordered|stderr|wrong)$"),
		s("examplepanic", "-test.run=^Example"),
		s("bench", "-test.run=^TestPlain$|^Example$ -test.bench=. -test.benchtime=2x"),
		s("benchcpu", "-test.run=^$ -test.bench=Plain|Logs|Sub -test.benchtime=2x -test.cpu=1,2 -test.count=2 -test.benchmem"),
		{"twice", "twice", ""},
		{"twicefail", "twice", "-test.run=NoSuch"},
	}
}

// updateFlag tells whether the tests are to write the golden files.
func updateFlag() bool { return flag.Lookup("update").Value.String() == "true" }

// take runs the capture with a binary built from the sample and returns its
// stream, without what differs from machine to machine.
func (c capture) take(t *testing.T, bin string) []byte {
	t.Helper()
	out := t.TempDir()
	args := append([]string{"-test.v=test2json"}, strings.Fields(strings.ReplaceAll(c.args, "OUT", out))...)
	var buf bytes.Buffer
	exit := Run(context.Background(), Spec{
		Path: bin,
		Args: args,
		Dir:  filepath.Join("testdata", "src", c.pkg),
	}, &buf)
	if exit.Err != nil {
		t.Fatal(exit.Err)
	}
	return bytes.ReplaceAll(buf.Bytes(), []byte(out), []byte("OUT"))
}

// buildSample returns the test binary of a package under testdata/src.
func buildSample(t *testing.T, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), pkg+".test")
	cmd := exec.CommandContext(t.Context(), "go", "test", "-c", "-trimpath", "-o", bin, "./testdata/src/"+pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return bin
}

// streams returns the golden streams by name.
func streams(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, c := range captures() {
		b, err := os.ReadFile(streamFile(c.name))
		if err != nil {
			t.Fatal(err)
		}
		all[c.name] = b
	}
	return all
}

func streamFile(name string) string { return filepath.Join("testdata", "streams", name+".stream") }

// TestRealStreams runs the samples and parses what they print with this Go
// version: none of it may be rejected. With -update it writes the golden files.
func TestRealStreams(t *testing.T) {
	t.Parallel()
	if testing.Short() && !updateFlag() {
		t.Skip("builds test binaries")
	}
	bins := map[string]string{"sample": buildSample(t, "sample"), "twice": buildSample(t, "twice")}
	for _, c := range captures() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stream := c.take(t, bins[c.pkg])
			checkHonest(t, stream)
			if updateFlag() {
				if err := os.WriteFile(streamFile(c.name), stream, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestGoldenStreams parses the captured streams: none may be rejected.
func TestGoldenStreams(t *testing.T) {
	t.Parallel()
	for name, stream := range streams(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkHonest(t, stream)
		})
	}
}

// checkHonest checks a stream in which no test forges anything.
func checkHonest(t *testing.T, stream []byte) {
	t.Helper()
	p := NewParser(nil, func(e Event) {
		if e.Rejected {
			t.Errorf("rejected %q", e.Line)
		}
	})
	if _, err := p.Write(stream); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if n, ok := p.Final(); n > 0 && len(p.Open()) > 0 {
		t.Errorf("closing line (%d times, passed: %v) with open tests %v", n, ok, p.Open())
	}
	if name := p.Contradiction(); name != "" {
		t.Errorf("%s was reported as failed while it was not running", name)
	}
	for _, name := range p.Seen() {
		open := func(o OpenTest) bool { return o.Name == name }
		if c := p.Count(name); c.Started != c.Finished() && !slices.ContainsFunc(p.Open(), open) && c.Failed < 2 {
			t.Errorf("%s: %+v, but open are %v", name, c, p.Open())
		}
	}
}

// fixedClock returns a clock that stands still.
func fixedClock() func() time.Time {
	return func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
}

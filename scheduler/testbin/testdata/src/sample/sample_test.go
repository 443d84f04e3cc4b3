package sample

import (
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestPlain(t *testing.T) {}

func TestNames(t *testing.T) {
	names := []string{
		"", "", "a b", "tab\there", "nl\nhere", "sl/ash", "a (0.00s)", "(x)", "[x]", "ünï", "\x16mark",
		"\xff\xfe", "--- PASS: TestPlain (0.00s)", "=== RUN   TestPlain", "same", "same", "#00", "    deep",
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { t.Log("log", name) })
	}
	t.Run(strings.Repeat("long", 1200), func(t *testing.T) { t.Log("in a long name") })
}

func TestNested(t *testing.T) {
	t.Run("a", func(t *testing.T) {
		t.Run("b", func(t *testing.T) {
			t.Run("c", func(t *testing.T) { t.Error("deep failure") })
			t.Run("d", func(t *testing.T) { t.Skip("deep skip") })
		})
		t.Log("after b")
	})
	fmt.Println("after a")
}

// The parallel tests wait for each other, so that their lines alternate.
func TestParallelA(t *testing.T) { parallel(t) }
func TestParallelB(t *testing.T) { parallel(t) }
func TestParallelC(t *testing.T) { parallel(t) }
func TestSame(t *testing.T)      { parallel(t) } // also in the external package

func parallel(t *testing.T) {
	t.Log("before Parallel")
	t.Parallel()
	t.Log("after Parallel")
	var both sync.WaitGroup
	both.Add(2)
	for _, name := range []string{"x", "y"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range 3 {
				t.Log(name, i)
				runtime.Gosched()
			}
			both.Done()
			both.Wait()
			t.Log(name, "met")
		})
	}
	t.Log("subtests wait")
}

func TestPrint(t *testing.T) {
	fmt.Println("a line on stdout")
	fmt.Fprintln(os.Stderr, "a line on stderr")
	log.Print("a line from log")
	println("a line from the runtime")
	fmt.Print("no newline, then a subtest")
	t.Run("sub", func(t *testing.T) { fmt.Print("no newline at the end of a subtest") })
	fmt.Print("no newline at the end")
}

func TestBytes(t *testing.T) {
	fmt.Println(strings.Repeat("é", 3000))
	fmt.Println(strings.Repeat("x", 70_000))
	fmt.Print("crlf\r\n\r\n\n\x00\xff\xfe\xc3\n")
	fmt.Println("    --- PASS: TestPlain (0.00s)")
	fmt.Println("--- FAIL: TestPlain (0.00s)")
	fmt.Println("=== RUN   TestPlain")
	fmt.Println("PASS")
	fmt.Println("FAIL")
	fmt.Println("ok  \tsample\t0.1s")
	fmt.Println("Benchmark this\tout")
}

func TestAttr(t *testing.T) {
	t.Attr("key", "value with spaces")
	t.Attr("empty", "")
	t.Run("sub", func(t *testing.T) { t.Attr("in", "sub") })
}

func TestArtifacts(t *testing.T) {
	t.ArtifactDir()
	t.Run("sub", func(t *testing.T) { t.ArtifactDir() })
}

func TestOutput(t *testing.T) {
	fmt.Fprint(t.Output(), "part of a line, ")
	fmt.Fprint(t.Output(), "its end\nand a line without")
	t.Run("sub", func(t *testing.T) { fmt.Fprint(t.Output(), "sub without newline") })
	io.WriteString(t.Output(), "\n\nlast")
}

func TestCleanup(t *testing.T) {
	t.Cleanup(func() { t.Error("cleanup failed") })
	t.Run("sub", func(t *testing.T) {
		t.Cleanup(func() { t.Fatal("cleanup of sub failed") })
	})
	t.Run("par", func(t *testing.T) {
		t.Parallel()
		t.Cleanup(func() { fmt.Println("cleanup prints") })
	})
}

func TestSkip(t *testing.T) { t.Skip("not today") }

func TestFail(t *testing.T) { t.Fatal("no\nluck") }

func TestPanic(t *testing.T) {
	t.Log("about to")
	panic("in a test")
}

func TestPanicSub(t *testing.T) {
	t.Run("waits", func(t *testing.T) { t.Parallel() })
	t.Run("a", func(t *testing.T) {
		t.Run("b", func(t *testing.T) { panic("in a subtest") })
	})
}

func TestPanicParallel(t *testing.T) {
	var met sync.WaitGroup
	met.Add(2)
	for _, name := range []string{"x", "y"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			met.Done()
			met.Wait()
			panic("both " + name)
		})
	}
}

func TestPanicGoroutine(t *testing.T) {
	go func() { panic("in a goroutine") }()
	select {}
}

func TestPanicCleanup(t *testing.T) {
	t.Cleanup(func() { panic("in cleanup") })
}

func TestGoexit(t *testing.T) { runtime.Goexit() }

func TestFailParent(t *testing.T) {
	t.Run("sub", func(*testing.T) { t.FailNow() })
	t.Log("not reached")
}

func TestExit(t *testing.T) {
	fmt.Print("leaving")
	os.Exit(3)
}

func TestExitZero(t *testing.T) { os.Exit(0) }

func TestHang(t *testing.T) {
	t.Run("sub", func(t *testing.T) { select {} })
}

func TestZLast(t *testing.T) { t.Log("the tests went on") }

func FuzzSeeds(f *testing.F) {
	f.Add("one")
	f.Add("two words")
	f.Fuzz(func(t *testing.T, s string) {
		t.Log(s)
		if s == "two words" {
			t.Run("sub", func(t *testing.T) { t.Log("sub of a seed") })
		}
	})
}

func FuzzParallel(f *testing.F) {
	f.Add(1)
	f.Add(2)
	f.Fuzz(func(t *testing.T, n int) {
		t.Parallel()
		t.Log(n)
	})
}

func FuzzFail(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) { t.Error("bad seed") })
}

func FuzzSkip(f *testing.F) { f.Skip("no seeds") }

func BenchmarkPlain(b *testing.B) {
	for b.Loop() {
	}
}

func BenchmarkLogs(b *testing.B) {
	b.Log("logged")
	for range b.N {
	}
}

func BenchmarkSub(b *testing.B) {
	for _, name := range []string{"x", "y"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
			}
		})
	}
}

func BenchmarkFail(b *testing.B) { b.Fatal("bad benchmark") }

func BenchmarkSkip(b *testing.B) { b.Skip("no benchmark") }

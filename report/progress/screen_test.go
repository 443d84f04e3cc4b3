package progress

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// terminal is a small terminal: what it shows is rows of text.
type terminal struct {
	columns int

	mu     sync.Mutex
	rows   [][]rune
	row    int
	column int
	broken error // an escape sequence that it does not know
}

func (v *terminal) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	runes := []rune(string(p))
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '\r':
			v.column = 0
		case r == '\n':
			v.row, v.column = v.row+1, 0 // as a terminal's driver makes it
		case r == '\x1b' && strings.HasPrefix(string(runes[i:]), "\x1b[1A"):
			v.row, i = v.row-1, i+3
		case r == '\x1b' && strings.HasPrefix(string(runes[i:]), "\x1b[K"):
			v.at(v.row)
			v.rows[v.row] = v.rows[v.row][:min(v.column, len(v.rows[v.row]))]
			for n := len(v.rows); n > v.row+1 && len(v.rows[n-1]) == 0; n-- {
				v.rows = v.rows[:n-1] // as if nothing had ever been there
			}
			i += 2
		case r == '\x1b':
			v.broken = fmt.Errorf("unknown sequence in %q", p)
		default:
			if v.column == v.columns {
				v.row, v.column = v.row+1, 0
			}
			v.at(v.row)
			for len(v.rows[v.row]) <= v.column {
				v.rows[v.row] = append(v.rows[v.row], ' ')
			}
			v.rows[v.row][v.column] = r
			v.column++
		}
	}
	return len(p), v.broken
}

func (v *terminal) clone() *terminal {
	c := &terminal{columns: v.columns, row: v.row, column: v.column}
	for _, row := range v.rows {
		c.rows = append(c.rows, slices.Clone(row))
	}
	return c
}

func (v *terminal) at(row int) {
	for len(v.rows) <= row {
		v.rows = append(v.rows, nil)
	}
}

func (v *terminal) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var lines []string
	for _, row := range v.rows {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// Whatever is written and drawn, in whatever order: below the output stands the status, and
// without it the terminal shows what it would have shown.
func TestScreenRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		synctest.Test(t, func(t *testing.T) {
			shown, plain := &terminal{columns: 20}, &terminal{columns: 20}
			screen := NewScreen(shown, func() (int, int) { return 20, 10 })
			stdout, stderr := screen.Writer(shown, true), screen.Writer(shown, true)
			midline := false
			for range 40 {
				time.Sleep(time.Duration(r.IntN(100)) * time.Millisecond)
				switch r.IntN(3) {
				case 0:
					var status []string
					for range r.IntN(4) {
						status = append(status, strings.Repeat("s", 1+r.IntN(19)))
					}
					screen.Status(status)
					want := plain.clone()
					_, _ = io.WriteString(want, strings.Join(status, "\r\n"))
					if !midline && shown.String() != want.String() {
						t.Fatalf("seed %d: the terminal shows\n%s\nwant\n%s", seed, shown, want)
					}
				default:
					text := strings.Repeat("o", r.IntN(30))
					if r.IntN(4) > 0 {
						text += "\n"
					}
					out := []io.Writer{stdout, stderr}[r.IntN(2)]
					if _, err := io.WriteString(out, text); err != nil {
						t.Fatal(err)
					}
					_, _ = io.WriteString(plain, text)
					if text != "" {
						midline = !strings.HasSuffix(text, "\n")
					}
				}
			}
			screen.Status(nil)
			if midline {
				_, _ = io.WriteString(stdout, "\n")
				_, _ = io.WriteString(plain, "\n")
			}
			if shown.String() != plain.String() || shown.broken != nil {
				t.Fatalf("seed %d: %v: the terminal shows\n%s\nwant\n%s", seed, shown.broken, shown, plain)
			}
		})
	}
}

// A terminal that becomes narrower breaks the lines of the status: all of its rows go.
func TestScreenBecomesNarrow(t *testing.T) {
	t.Parallel()
	columns := 20
	shown := &terminal{columns: 20}
	screen := NewScreen(shown, func() (int, int) { return columns, 10 })
	screen.Status([]string{strings.Repeat("s", 19), "short"})
	columns = 8
	// The terminal has broken 19 columns into three rows of eight.
	shown.rows = [][]rune{[]rune("ssssssss"), []rune("ssssssss"), []rune("sss"), []rune("short")}
	shown.columns, shown.row, shown.column = 8, 3, 5
	screen.Status(nil)
	if got := shown.String(); got != "" {
		t.Errorf("left: %q", got)
	}
}

// Without a terminal the bytes are those that were written.
func TestScreenWithoutTerminal(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	screen := NewScreen(nil, nil)
	out := screen.Writer(&b, false)
	screen.Status([]string{"status"})
	_, _ = io.WriteString(out, "text")
	screen.Status(nil)
	if b.String() != "text" || !screen.Midline() {
		t.Errorf("got %q, in a line: %v", b.String(), screen.Midline())
	}
}

// Nobody reads stdout: stderr is written all the same.
func TestScreenStreamsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		screen := NewScreen(nil, nil)
		unread, stdout := io.Pipe()
		done := make(chan struct{})
		go func() { // ends when the pipe is closed
			defer close(done)
			_, _ = screen.Writer(stdout, false).Write([]byte("x"))
		}()
		synctest.Wait()
		var b lockedBuilder
		_, _ = io.WriteString(screen.Writer(&b, false), "y\n")
		if b.String() != "y\n" || screen.Midline() {
			t.Errorf("stderr got %q", b.String())
		}
		_ = unread.Close()
		<-done
	})
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestScreenPassesErrorsOn(t *testing.T) {
	t.Parallel()
	screen := NewScreen(nil, nil)
	if _, err := screen.Writer(brokenWriter{}, true).Write([]byte("x")); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// A run of a minute and a half on a terminal, and the same in a pipe.
func TestLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shown := &terminal{columns: 60}
		screen := NewScreen(shown, func() (int, int) { return 60, 10 })
		l := NewLive(LiveConfig{Config: Config{Failures: true, Slow: time.Minute, Slowest: 1}, Style: Bar, Name: base,
			Expect: func(pkg string) Package { return Package{Path: pkg, Tests: 4} }}, screen)
		out := screen.Writer(shown, true)
		l.Start(out)
		l.PackageStarted("m/p")
		n := l.NewProcess(Process{Package: "m/p", Start: time.Now(), Kind: FromEvents})
		l.TestStarted(n, "TestA", time.Now())
		l.TestStarted(n, "TestB", time.Now())
		check := func(want string) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			if got := shown.String(); got != want {
				t.Errorf("the terminal shows\n%s\nwant\n%s", got, want)
			}
		}
		check("[----------------------]  0 of 4 tests, 1.0s\n  p.TestA 1.0s\n  p.TestB 1.0s")
		l.TestEnded(n, "TestA", "fail", time.Now(), time.Second)
		l.TestFailed(Failure{Package: "m/p", Test: "TestA", Elapsed: time.Second, Output: []string{"    no"}})
		time.Sleep(time.Second)
		check("FAIL p.TestA (1.00s)\n    no\n[#####-----------------]  1 of 4 tests, 1 failed, 3.0s\n  p.TestB 3.0s")
		time.Sleep(time.Minute)
		check("FAIL p.TestA (1.00s)\n    no\nSLOW p.TestB runs for 1m0s\n[#####-----------------]  1 of 4 tests, 1 failed, 1m4s\n  p.TestB 1m4s")
		l.TestEnded(n, "TestB", "pass", time.Now(), 64*time.Second)
		l.PackageEnded("m/p", false, time.Now())
		l.Stop()
		l.Stop() // again does nothing
		if got := shown.String(); got != "FAIL p.TestA (1.00s)\n    no\nSLOW p.TestB runs for 1m0s" {
			t.Errorf("at the end the terminal shows\n%s", got)
		}
		if slowest := l.Slowest(); len(slowest) != 1 || slowest[0].Test != "TestB" || len(l.Slow()) != 1 {
			t.Errorf("slowest: %v, slow: %v", slowest, l.Slow())
		}
	})
}

// In a pipe there is a line after a minute of silence, and then after another one.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b lockedBuilder
		screen := NewScreen(nil, nil)
		out := screen.Writer(&b, false)
		l := NewLive(LiveConfig{Config: Config{Heartbeat: time.Minute}, Name: base}, screen)
		l.Start(out)
		time.Sleep(40 * time.Second)
		_, _ = io.WriteString(out, "no newline")
		time.Sleep(59 * time.Second)
		if got := b.String(); got != "no newline" {
			t.Errorf("got %q", got)
		}
		time.Sleep(62 * time.Second)
		l.Stop()
		if got := strings.Count(b.String(), "\nstill running: "); got != 2 || strings.Contains(b.String(), "\x1b") {
			t.Errorf("got %q", b.String())
		}
	})
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// sample is a history with everything a file can hold.
func sample(tests int) *state {
	st := &state{module: "example.org/m", next: 1}
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		run := Run{ID: fmt.Sprintf("id-%d", i), Start: day.Add(time.Duration(i) * time.Hour), Seed: rnd.Int64(), Shuffled: i%4 != 0, Variant: []string{"", "race"}[i%2]}
		applyRun(st, run, func(r *Recorder) {
			for k := range tests {
				pkg, test := fmt.Sprintf("example.org/m/pkg%04d", k/50), fmt.Sprintf("TestSomethingOrOther%04d", k)
				r.Startup(pkg, 4*time.Millisecond)
				if rnd.IntN(1000) == 0 {
					r.Add(pkg, test, Outcome{Result: Fail, Elapsed: time.Duration(rnd.IntN(1e9))})
				}
				r.Add(pkg, test, Outcome{Result: Pass, Elapsed: time.Duration(rnd.IntN(1e9))})
			}
		})
	}
	return st
}

// TestEveryDamageIsFound flips, cuts and inserts at random places: what can still be read must be what was written.
func TestEveryDamageIsFound(t *testing.T) {
	t.Parallel()
	good := sample(100).encode()
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 2000 {
		bad := append([]byte(nil), good...)
		at := rnd.IntN(len(bad))
		switch i % 4 {
		case 0:
			bad[at] ^= byte(1 + rnd.IntN(255))
		case 1:
			bad = bad[:at]
		case 2:
			bad = append(bad[:at], append([]byte{byte(rnd.IntN(256))}, bad[at:]...)...)
		case 3:
			for k := at; k < min(at+512, len(bad)); k++ {
				bad[k] = 0
			}
		}
		var d *damage
		_, err := decode(string(bad))
		if string(bad) == string(good) {
			continue
		}
		// A flipped bit in the version's digit makes a newer file of it: nothing can tell.
		if !errors.As(err, &d) && !(errors.Is(err, errNewer) && at <= len(magicPrefix)+1) {
			t.Fatalf("case %d at byte %d: %v", i, at, err)
		}
	}
}

func TestRandomBytesAreForeign(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		text := make([]byte, 1+rnd.IntN(500))
		for i := range text {
			text[i] = byte(1 + rnd.IntN(255))
		}
		if _, err := decode(string(text)); err == nil {
			t.Fatalf("%q was taken for a history", text)
		}
	}
}

// TestWrongLines are files with a right checksum that no cohort has written.
func TestWrongLines(t *testing.T) {
	t.Parallel()
	const m = "m\tx\t9\n"
	for _, body := range []string{
		"", "m\tx\n", "m\tx\t0\n", m + m, "p\ta\t1\t1\n" + "m\tx\t1\n", m + "q\t1\n", m + "\n",
		m + "r\t1\t1\t1\n", m + "r\t1\tx\t1\tid\n", m + "r\t9\t1\t1\tid\n", m + "r\t2\t1\t-\tid\nr\t1\t1\t-\tid\n",
		m + "s\t\t1\t1\n", m + "t\tT\t0\t\n", m + "p\ta\t1\n", m + "p\ta\t1\t9\n", m + "p\tb\t1\t1\np\ta\t1\t1\n", m + "p\ta\\x\t1\t1\n",
		m + "p\ta\\\t1\t1\n", m + "p\ta\t-1\t1\n", m + "p\ta\t99999999999999\t1\n",
		m + "p\ta\t1\t1\tmore\n",
		m + "p\ta\t1\t1\nt\tT\t2\t\n", m + "p\ta\t1\t1\nt\tT\t1\t1\n", m + "p\ta\t1\t1\nt\tT\t1\tp\n", m + "p\ta\t1\t1\nt\tT\t1\t9p\n",
		m + "p\ta\t1\t1\nt\tT\t1\t3-2p\n", m + "p\ta\t1\t1\nt\tT\t1\t0p\n", m + "p\ta\t1\t1\nt\tT\t1\t1p,\n" + "t\tT\t1\t\n",
		m + "p\ta\t1\t1\nt\tT\t1\t1.xp\n", m + "p\ta\t1\t1\nt\tT\t1\t,1p\n", "m\tx\t1000000\np\ta\t1\t1\nt\tT\t1\t1-999999p\n",
		m + "p\ta\t1\t1\nt\tT\t1\t\trace\n", m + "p\ta\t1\t1\nt\tT\t1\t\trace\t1\t\n", m + "p\ta\t1\t1\nt\tT\t1\t\trace\t1\t1,2,3,4,5,6\n",
	} {
		var d *damage
		if _, err := decode(sealed(body)); !errors.As(err, &d) {
			t.Errorf("%q: %v, want damage", body, err)
		}
	}
}

func TestWhatIsReadCanBeWritten(t *testing.T) {
	t.Parallel()
	text := string(sample(120).encode())
	st, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if again := string(st.encode()); again != text {
		t.Error("writing what was read gives another file")
	}
}

// sealed puts header and checksum around lines.
func sealed(body string) string {
	text := "cohort history 1\n" + body
	return text + endLine([]byte(text))
}

func FuzzDecode(f *testing.F) {
	f.Add("m\tx\t9\nr\t1\t5\t-3\tid\np\ta\\t\t1\t1\ns\trace\t9\t1,2\nt\tT\t1\t1p,1.1f,2-5s\t\t1\t7\trace\t1\t8\n", true)
	f.Add("m\tx\t9\nr\t1\t5\t-3\tid\nw\ta\t1\t1\no\tT\t1\t1f\nt\tU\t1\t\n", true)
	f.Add("cohort history 1\nend\t1\t0\n", false)
	f.Fuzz(func(t *testing.T, text string, seal bool) {
		if seal {
			text = sealed(text)
		}
		st, err := decode(text)
		if err != nil {
			return
		}
		first := string(st.encode())
		back, err := decode(first)
		if err != nil {
			t.Fatalf("cannot read back: %v\n%s", err, first)
		}
		if second := string(back.encode()); second != first {
			t.Fatalf("not stable:\n%s\n%s", first, second)
		}
		for _, p := range st.pkgs {
			for _, tt := range p.tests {
				(&Snapshot{state: st}).Outcomes(p.path, tt.name)
			}
		}
		st.expire(day)
		if _, err := decode(string(st.encode())); err != nil {
			t.Fatalf("cannot read after expire: %v", err)
		}
	})
}

func BenchmarkLoad100k(b *testing.B) {
	text := string(sample(100_000).encode())
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := decode(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSave100k(b *testing.B) {
	st := sample(100_000)
	b.SetBytes(int64(len(st.encode())))
	for b.Loop() {
		st.encode()
	}
}

package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func secrets(all ...string) *Redactor {
	var list []*regexp.Regexp
	for _, s := range all {
		list = append(list, regexp.MustCompile(s))
	}
	return NewRedactor(list)
}

func TestRedactText(t *testing.T) {
	t.Parallel()
	r := secrets("s3cret", `key=\w+`, "^whole$", "x*")
	for in, want := range map[string]string{
		"":                           "",
		"nothing here\n":             "nothing here\n",
		"a s3cret, s3cret\nkey=abc.": "a [redacted], [redacted]\n[redacted].",
		"s3c\nret":                   "s3c\nret",
		"whole\nnot whole\nwhole":    "[redacted]\nnot whole\n[redacted]",
		"\n\n":                       "\n\n",
	} {
		if got := r.Text(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := (*Redactor)(nil).Text("s3cret"); got != "s3cret" || NewRedactor(nil) != nil {
		t.Errorf("no expressions: %q", got)
	}
}

// TestRedactWriter writes a text in pieces of every size.
func TestRedactWriter(t *testing.T) {
	t.Parallel()
	const text, want = "one s3cret\ntwo\nlast s3cret", "one [redacted]\ntwo\nlast [redacted]"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		w := secrets("s3cret").Writer(&out)
		for rest := text; rest != ""; {
			n, err := w.Write([]byte(rest[:min(size, len(rest))]))
			if err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil || out.String() != want {
			t.Errorf("pieces of %d: %q, %v", size, out.String(), err)
		}
	}
}

// TestRedactRecord looks for the secret in the unpacked bytes of a record that holds it everywhere.
func TestRedactRecord(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	file := write(t, secrets(secret), func(w *Writer) Manifest {
		w.Log("WARN " + secret + "\n")
		s := w.Stream(Attempt{Package: secret, Unit: secret, Tests: []string{secret}})
		fmt.Fprintf(s.Stderr(), "stderr %s\n", secret)
		fmt.Fprintf(s.Stdout(), `{"Action":"output","Package":"p","Test":"T/%s","Output":"<%s>\n","Elapsed":1.50}`+"\n", secret, secret)
		fmt.Fprintf(s.Stdout(), "no event %s\n"+`{"Action":"output","Package":"%s`, secret, secret)
		w.PackageFound(Package{Path: secret, Units: []Unit{{Name: secret, Labels: []string{secret}, Owner: secret}}})
		w.ProcessStarted(Process{Package: secret, Command: "go test " + secret, Tests: []ProcessTest{{Name: secret}}})
		w.TestStarted(0, secret, at(0))
		return Manifest{
			Arguments: []string{"-token=" + secret}, Flags: map[string]string{"group": secret}, Module: secret,
			Verdict: Verdict{Errors: []string{secret}, Failed: []Outcome{{Command: secret, Note: secret}}},
		}
	})
	r := read(t, file)
	for _, f := range r.zip.File {
		text, err := readAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s holds the secret:\n%s", f.Name, text)
		}
		if strings.HasSuffix(f.Name, "jsonl") {
			for line := range bytes.Lines(text) {
				if !json.Valid(line) {
					t.Errorf("%s: no JSON: %s", f.Name, line)
				}
			}
		}
	}
	text, err := dump(r)
	if err != nil || !strings.Contains(text, `"Elapsed\":1.50`) || !strings.Contains(text, `<[redacted]>`) {
		t.Errorf("what did not match has changed: %v\n%s", err, text)
	}
}

// pieces sends text as output events of a test, cut at places, with another test's events between them.
func pieces(text string, cuts []byte) []string {
	var lines []string
	event := func(test, output string) {
		b, _ := json.Marshal(map[string]string{"Action": "output", "Package": "p", "Test": test, "Output": output})
		lines = append(lines, string(b))
	}
	for i := 0; text != ""; i++ {
		n := len(text)
		if i < len(cuts) {
			n = min(n, int(cuts[i])%8+1)
		}
		if end := strings.IndexByte(text[:n], '\n'); end >= 0 {
			n = end + 1 // go test ends an event with its line
		}
		event("TestA", text[:n])
		event("TestB", "other s3cret\n")
		text = text[n:]
	}
	return append(lines, `{"Action":"pass","Package":"p","Test":"TestA"}`)
}

// checkPieces redacts text in pieces and compares with the text in one.
func checkPieces(t *testing.T, r *Redactor, text string, cuts []byte) {
	q := r.newEvents()
	var got, other strings.Builder
	in := pieces(text, cuts)
	n := 0
	emit := func(line []byte) {
		n++
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.Test == "TestA" {
			got.WriteString(e.Output)
			return
		}
		other.WriteString(e.Output)
	}
	for _, line := range in {
		q.line([]byte(line), emit)
	}
	q.flush(emit)
	if want := r.Text(text); got.String() != want || n != len(in) {
		t.Errorf("%q cut at %v: %q, want %q; %d events of %d", text, cuts, got.String(), want, n, len(in))
	}
	if strings.Contains(other.String(), "s3cret") {
		t.Errorf("the other test's output: %q", other.String())
	}
}

func TestRedactPieces(t *testing.T) {
	t.Parallel()
	r := secrets("s3cret")
	for n := byte(0); n < 8; n++ {
		checkPieces(t, r, "a s3crets3cret b\nnext s3cret\ns3cret", bytes.Repeat([]byte{n}, 50))
	}
	// A line without end does not wait for ever.
	q := r.newEvents()
	emitted := 0
	for range 3 {
		q.line([]byte(`{"Action":"output","Test":"T","Output":"`+strings.Repeat("x", maxLine/2)+`"}`), func([]byte) { emitted++ })
	}
	if emitted < 2 {
		t.Errorf("%d events of a long line were emitted", emitted)
	}
}

func FuzzRedactPieces(f *testing.F) {
	f.Add("a s3cret\nb", []byte{1, 2, 3})
	f.Add("s3cs3cretret\n\ns3cret", []byte{0, 0, 0, 0, 7})
	f.Fuzz(func(t *testing.T, text string, cuts []byte) {
		text = strings.ToValidUTF8(text, "") // go test -json writes nothing else
		for _, r := range text {
			if r > 0x7f {
				t.Skip() // a cut through a rune is no text of go test's
			}
		}
		checkPieces(t, secrets("s3cret", "[0-9]{3}"), text, cuts)
	})
}

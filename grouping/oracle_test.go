package grouping

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// oracleEnv makes TestOracleServer serve.
const oracleEnv = "COHORT_GROUPING_ORACLE"

// question asks what a test binary runs of a tree of tests: each of Names has
// the subtests Levels[0], each of these the subtests Levels[1], and so on.
type question struct {
	Run, Skip string
	Names     []string
	Levels    [][]string
}

// answer is what ran, by full name and in order.
type answer struct {
	Ran     []string
	Invalid string // the expression that the testing package refuses
}

// oracle is a process of this test binary that asks the testing package itself
// which tests match. It is a process of its own because the testing package
// keeps its patterns in flags, which no two tests can set at a time.
type oracle struct {
	enc *json.Encoder
	dec *json.Decoder
}

// startOracle starts an oracle that lives as long as the test. It is not for
// concurrent use.
func startOracle(t testing.TB) *oracle {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestOracleServer$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), oracleEnv+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(io.Discard, out); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("oracle: %v", err)
		}
	})
	return &oracle{enc: json.NewEncoder(in), dec: json.NewDecoder(out)}
}

func (o *oracle) ask(t testing.TB, q question) answer {
	t.Helper()
	if err := o.enc.Encode(q); err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := o.dec.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestOracleServer answers questions from its standard input. It is not
// parallel because it sets the flags of the testing package.
func TestOracleServer(t *testing.T) {
	if os.Getenv(oracleEnv) == "" {
		t.Skip("only runs for other tests")
	}
	dec, enc := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var q question
		if err := dec.Decode(&q); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if err := enc.Encode(q.answer(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// invalidPattern is what the match function panics with, since the testing
// package would end the process.
type invalidPattern struct{ text string }

func (q question) answer(t *testing.T) (a answer) {
	for name, value := range map[string]string{"test.run": q.Run, "test.skip": q.Skip} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case invalidPattern:
			a = answer{Invalid: r.text}
		default:
			panic(r)
		}
	}()
	tests := make([]testing.InternalTest, len(q.Names))
	for i, name := range q.Names {
		tests[i] = testing.InternalTest{Name: name, F: func(t *testing.T) { q.visit(t, &a.Ran, 0) }}
	}
	testing.RunTests(func(pat, name string) (bool, error) {
		re, err := regexp.Compile(pat)
		if err != nil {
			panic(invalidPattern{pat})
		}
		return re.MatchString(name), nil
	}, tests)
	return a
}

// visit notes that a test ran and runs its subtests.
func (q question) visit(t *testing.T, ran *[]string, level int) {
	*ran = append(*ran, t.Name())
	if level == len(q.Levels) {
		return
	}
	for _, name := range q.Levels[level] {
		t.Run(name, func(t *testing.T) { q.visit(t, ran, level+1) })
	}
}

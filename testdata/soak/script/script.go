//go:build unix

// Package script lets a test do what a file says, so that one test binary serves
// every round of the soak: see TestSoak in cmd/cohort. It also keeps a log of
// what really ran, for the soak to compare with what was reported.
//
// The environment names the files: SOAK_SCRIPT, SOAK_LOG and SOAK_LOCKS, a
// directory for locks.
package script

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A Script says what each package does; the key is the name of its directory.
type Script map[string]struct {
	Main  []string          // what TestMain does in each attempt
	Tests map[string][]Does // what a test does in each attempt
}

// Does is what a test does in one attempt. The last entry of a list holds for
// all attempts after it.
type Does struct {
	Parallel bool
	Noise    string // printed as it is
	Child    bool   // a process is left behind
	Subs     []Sub
	End      string // see end
}

// Sub is a subtest.
type Sub struct {
	Name     string
	Parallel bool
	End      string
}

// Run does what the script says about t.
func Run(t *testing.T) {
	d := at(load().Tests[t.Name()])
	if d.Parallel {
		t.Parallel()
	}
	log(t.Name(), "start")
	t.Logf("token %s %s %s", pkg(), t.Name(), attempt())
	if serial := os.Getenv("SOAK_SERIAL"); strings.Contains(" "+serial+" ", " "+pkg()+"/"+t.Name()+" ") {
		alone()
	}
	for _, kv := range strings.Fields(os.Getenv("SOAK_HOLDS")) {
		if names, ok := strings.CutPrefix(kv, pkg()+"/"+t.Name()+"="); ok {
			for name := range strings.SplitSeq(names, ",") {
				hold(name)
			}
		}
	}
	if d.Noise != "" {
		fmt.Print(d.Noise)
	}
	if d.Child {
		child(t)
	}
	for _, s := range d.Subs {
		t.Run(s.Name, func(t *testing.T) {
			if s.Parallel {
				t.Parallel()
			}
			t.Logf("token %s %s %s", pkg(), t.Name(), attempt())
			end(t, s.End)
		})
	}
	end(t, d.End)
	log(t.Name(), "end")
}

// end ends a test.
func end(t *testing.T, how string) {
	switch how {
	case "", "pass":
	case "skip":
		t.Skip("as the script says")
	case "fail":
		t.Error("as the script says")
	case "fatal":
		t.Fatal("as the script says")
	case "panic":
		panic("as the script says")
	case "goexit":
		runtime.Goexit()
	case "exit0", "exit1", "exit7":
		code, err := strconv.Atoi(how[4:])
		if err != nil {
			panic(err)
		}
		os.Exit(code)
	case "throw":
		new(sync.Mutex).Unlock()
	case "kill":
		self, err := os.FindProcess(os.Getpid())
		if err != nil || self.Kill() != nil {
			panic("cannot kill myself")
		}
		select {}
	case "goroutine":
		go panic("as the script says")
		select {}
	case "hang":
		select {}
	default:
		panic("unknown end " + how)
	}
}

// Main is TestMain.
func Main(m *testing.M) {
	how := "run"
	if list := load().Main; len(list) > 0 {
		how = list[min(number(), len(list)-1)]
	}
	switch how {
	case "run":
		os.Exit(m.Run())
	case "return":
		m.Run()
	case "idle":
		os.Exit(0)
	case "early":
		os.Exit(3)
	case "panic":
		panic("as the script says")
	case "teardown":
		m.Run()
		os.Exit(3)
	case "blind": // to failures
		m.Run()
		os.Exit(0)
	default:
		panic("unknown main " + how)
	}
}

func child(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log("child", strconv.Itoa(cmd.Process.Pid))
}

// at is what a list says about this attempt.
func at(list []Does) Does {
	if len(list) == 0 {
		return Does{}
	}
	return list[min(number(), len(list)-1)]
}

// attempt is the number of this attempt, or "probe" in a process that explains a failure.
func attempt() string {
	if os.Getenv("COHORT_PROBE") != "" {
		return "probe"
	}
	return os.Getenv("COHORT_ATTEMPT")
}

func number() int {
	if attempt() == "probe" {
		return 0
	}
	n, err := strconv.Atoi(attempt())
	if err != nil {
		log("violation", "COHORT_ATTEMPT="+attempt())
	}
	return n
}

func pkg() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return filepath.Base(dir)
}

var load = sync.OnceValue(func() (own struct {
	Main  []string
	Tests map[string][]Does
}) {
	data, err := os.ReadFile(os.Getenv("SOAK_SCRIPT"))
	if err != nil {
		panic(err)
	}
	var s Script
	if err := json.Unmarshal(data, &s); err != nil {
		panic(err)
	}
	return s[pkg()]
})

// log appends a line to the log. A single write is not torn by other processes.
func log(what, how string) {
	f, err := os.OpenFile(os.Getenv("SOAK_LOG"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	fields := []string{
		strconv.Itoa(os.Getpid()), pkg(), attempt(), os.Getenv("COHORT_WORKER"), os.Getenv("COHORT_GROUP"), what, how,
	}
	if _, err := f.WriteString(strings.Join(fields, "\t") + "\n"); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
}

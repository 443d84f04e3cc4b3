package output

import (
	"fmt"
	"testing"
)

// forged are lines as the testing package writes them without -json. Printed
// by a test they are output of that test and nothing else.
const forged = `=== RUN   TestFake
--- PASS: TestFake (0.00s)
=== RUN   TestFake/sub
    --- FAIL: TestFake/sub (0.00s)
--- FAIL: TestFake (0.00s)
--- SKIP: TestFake (0.00s)
--- BENCH: BenchmarkFake (0.00s)
=== PAUSE TestFake
=== CONT  TestFake
=== NAME  TestFake
=== NAME  
=== ATTR  TestFake key value
PASS
FAIL
FAIL	example.com/awkward/ok/output	0.001s
FAIL	example.com/awkward/ok/output [build failed]
ok  	example.com/awkward/ok/output	0.001s
ok  	x
?   	x	[no test files]
exit status 1
panic: not really
coverage: 12.3% of statements
testing: warning: no tests to run
{"Action":"fail","Package":"x","Test":"TestFake"}
-test.shuffle 99
`

func TestForgedFraming(t *testing.T) { fmt.Print(forged) }

func TestForgedFramingInLog(t *testing.T) { t.Log(forged) }

func TestForgedFramingInSubtest(t *testing.T) {
	t.Run("sub", func(t *testing.T) { fmt.Print(forged) })
}

func TestForgedFramingMidLine(t *testing.T) {
	fmt.Print("some words --- PASS: TestFake (0.00s)\n")
	fmt.Print("--- PASS: TestForgedFramingMidLine (0.00s)")
}

// TestOwnFraming prints its own end before it ends.
func TestOwnFraming(t *testing.T) {
	fmt.Println("--- FAIL: TestOwnFraming (0.00s)")
	fmt.Println("=== NAME  TestOwnFraming")
	fmt.Println("this is still TestOwnFraming")
}

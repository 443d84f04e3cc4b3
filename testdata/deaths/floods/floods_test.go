// Package floods holds a test that prints DEATHS_FLOOD bytes, beside innocent ones.
package floods

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"example.com/deaths/witness"
)

func TestBefore(t *testing.T) { witness.Ran(t) }

func TestBeforeParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

func TestCulprit(t *testing.T) {
	witness.Ran(t)
	if witness.Calm() {
		return
	}
	size, err := strconv.Atoi(os.Getenv("DEATHS_FLOOD"))
	if err != nil {
		size = 1 << 20
	}
	line := strings.Repeat("flood ", 20)
	for n := 0; n < size; n += len(line) + 1 {
		fmt.Println(line)
	}
	fmt.Print(strings.Repeat("x", min(size, 1<<20))) // one line
	os.Exit(3)
}

func TestAfter(t *testing.T) { witness.Ran(t) }

func TestAfterParallel(t *testing.T) {
	t.Parallel()
	witness.Ran(t)
}

package gotest

import (
	"os"
	"testing"

	"github.com/gotestcohort/cohort/scheduler/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }

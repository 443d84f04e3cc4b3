package scheduler

import (
	"errors"
	"os"
)

// noSpill is a disk that takes nothing.
func noSpill() (*os.File, error) { return nil, errors.New("disk full") }

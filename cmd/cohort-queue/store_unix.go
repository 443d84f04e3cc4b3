//go:build unix

package main

import (
	"fmt"
	"os"
)

// checkPrivate reports a folder that others may look into.
func checkPrivate(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at --store: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("--store %s: others may look into it (mode %03o): chmod 700 %s", dir, mode, dir)
	}
	return nil
}

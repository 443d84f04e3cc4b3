// Package skipped is in a directory that ./... does not match.
package skipped

import "testing"

func TestSkippedDirectory(t *testing.T) { t.Fatal("this directory must not be matched") }

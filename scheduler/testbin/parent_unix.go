//go:build unix && !linux

package testbin

import "syscall"

// dieWithParent does nothing: there is no such service. A test whose cohort was
// killed ends when it next prints, or at its timeout, as under go test.
func dieWithParent(*syscall.SysProcAttr) {}

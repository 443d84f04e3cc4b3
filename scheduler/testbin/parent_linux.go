package testbin

import "syscall"

// dieWithParent has the process killed when this one dies, even of SIGKILL.
//
// The kernel means the thread that started it. Go ends a thread only if a
// goroutine that is locked to it ends, and nothing here locks one
// (go.dev/issue/27505).
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

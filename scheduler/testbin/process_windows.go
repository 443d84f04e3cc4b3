package testbin

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// terminate is the signal that asks a process group to end: Ctrl-Break, the one
// event that can be sent to a process group (see group.signal).
const terminate = syscall.SIGTERM

// group is the job that a started process and its children belong to.
type group struct {
	leader *os.Process
	job    windows.Handle
}

// startGroup starts cmd in a job that dies with its handle. A child that the
// process starts before it is put into the job is not in it: package syscall has
// no way to start a process inside a job.
func startGroup(cmd *exec.Cmd) (group, error) {
	job, err := newJob()
	if err != nil {
		return group{}, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	if err := cmd.Start(); err != nil {
		return group{}, errors.Join(err, windows.CloseHandle(job))
	}
	g := group{cmd.Process, job}
	if err := assign(job, cmd.Process); err != nil {
		return group{}, errors.Join(err, cmd.Process.Kill(), cmd.Wait(), g.close())
	}
	return g, nil
}

// newJob returns a job whose processes are killed when its handle is closed.
func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, fmt.Errorf("create job: %w", err)
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
		},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		return 0, errors.Join(fmt.Errorf("set up job: %w", err), windows.CloseHandle(job))
	}
	return job, nil
}

// assign puts a process into a job. A process that has ended already is fine.
func assign(job windows.Handle, p *os.Process) error {
	access := uint32(windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE)
	h, err := windows.OpenProcess(access, false, uint32(p.Pid))
	if err != nil {
		return fmt.Errorf("open process: %w", err)
	}
	err = windows.AssignProcessToJobObject(job, h)
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		if ev, werr := windows.WaitForSingleObject(h, 0); werr == nil && ev == windows.WAIT_OBJECT_0 {
			err = nil
		}
	}
	return errors.Join(err, windows.CloseHandle(h))
}

// signal sends os.Kill as it is, and Ctrl-Break for any other signal. Best
// effort: the processes may be gone, or have no console.
func (g group) signal(sig os.Signal) {
	if sig == os.Kill {
		g.kill()
		return
	}
	_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.leader.Pid))
}

// kill kills all of the job. Best effort: it may be empty.
func (g group) kill() { _ = windows.TerminateJobObject(g.job, 1) }

// trace reports false: Windows has no signal that makes a Go program print its
// goroutines.
func (group) trace() bool { return false }

// close releases the job's handle.
func (g group) close() error { return windows.CloseHandle(g.job) }

// isBusy reports false: the error is particular to unix.
func isBusy(error) bool { return false }

// endSignal returns nil: a process does not die of a signal on Windows.
func endSignal(*os.ProcessState) os.Signal { return nil }

// maxRSS returns 0: the process is gone and does not tell any more.
func maxRSS(*os.ProcessState) int64 { return 0 }

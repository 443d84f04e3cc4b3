package world

import (
	"os/exec"

	"github.com/gotestcohort/cohort/scheduler/procgroup"
)

// prepare returns the command, ready to be started as the leader of a process group.
func (c Command) prepare() *exec.Cmd {
	if c.Shell == "" {
		cmd := exec.Command(c.Words[0], c.Words[1:]...)
		procgroup.Own(cmd)
		return cmd
	}
	cmd := exec.Command("cmd")
	procgroup.Own(cmd)
	// cmd reads its line by rules of its own, so it must not be quoted for other programs.
	cmd.SysProcAttr.CmdLine = `cmd /S /C "` + c.Shell + `"`
	return cmd
}

//go:build unix

package world

import (
	"os/exec"

	"github.com/gotestcohort/cohort/scheduler/procgroup"
)

// prepare returns the command, ready to be started as the leader of a process group.
func (c Command) prepare() *exec.Cmd {
	words := c.Words
	if c.Shell != "" {
		words = []string{"sh", "-c", c.Shell}
	}
	cmd := exec.Command(words[0], words[1:]...)
	procgroup.Own(cmd)
	return cmd
}

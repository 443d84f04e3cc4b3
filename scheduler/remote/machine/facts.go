package machine

import (
	"fmt"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// Differences returns an error that says in what a machine differs from the run's first leader, nil
// for one that fits. Seed and history are the run's.
func Differences(run, mine remote.Facts) error {
	var all []string
	note := func(what, theirs, ours string) {
		if theirs != ours {
			all = append(all, fmt.Sprintf("%s %q, here %q", what, theirs, ours))
		}
	}
	if run.Protocol != mine.Protocol {
		note("protocol", fmt.Sprint(run.Protocol), fmt.Sprint(mine.Protocol))
	}
	note("go version", run.Go, mine.Go)
	note("system", run.OS+"/"+run.Arch, mine.OS+"/"+mine.Arch)
	note("module root", run.Root, mine.Root)
	note("arguments", strings.Join(run.Arguments, " "), strings.Join(mine.Arguments, " "))
	note("source", run.Source, mine.Source)
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("this machine cannot take part in the run, which has %s", strings.Join(all, "; "))
}

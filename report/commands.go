package report

import (
	"slices"
	"strings"

	"gotest.tools/gotestsum/testjson"
)

const (
	// maxCommand is the longest command that is printed, in bytes: three lines of a
	// terminal. A longer one buries what it belongs to, and nobody reads it.
	maxCommand = 200
	// maxCommands is how many failures get commands. Whoever has more looks for what they
	// have in common.
	maxCommands = 10
)

// commands is what a summary says of failures, and where. It is a pure function of the
// failures, in the order in which they are listed, and what is known of their units.
type commands struct {
	below map[int]below // what stands below a failure, by its place in the list; each unit once
	more  int           // units whose command is left out because there are too many
	// moreCommand runs all that failed again; "": there is no such command.
	moreCommand string
	same        []sameProcess // those of the Reproduce section
}

// below is what is known of a unit: its note, and the command that runs it again.
type below struct{ note, again string }

// sameProcess is the command of a process of which units failed.
type sameProcess struct {
	command string // "": there is none to print, or it is too long
	units   []Unit // that failed in it to the end, and whose notes stand nowhere else
}

// newCommands decides what is printed for failed, the test cases that the summary lists as
// failures, in their order.
func newCommands(failed []testjson.TestCase, outcome Outcome) commands {
	c := commands{below: map[int]below{}, moreCommand: outcome.More}
	units := slices.Concat(outcome.Failed, outcome.Flaky)
	last := map[int]int{} // the last failure of each unit: there, all of it has been told
	var order []int
	for i, tc := range failed {
		u, ok := unitOf(units, tc)
		if !ok {
			continue
		}
		if _, seen := last[u]; !seen {
			order = append(order, u)
		}
		last[u] = i
	}
	printed := 0
	for _, u := range order {
		b := below{note: units[u].Note, again: units[u].again()}
		if u >= len(outcome.Failed) {
			b.note = "" // it stands in the section of flaky units
		}
		switch {
		case b.again == "":
		case printed == maxCommands:
			b.again = ""
			c.more++
		default:
			printed++
		}
		if b != (below{}) {
			c.below[last[u]] = b
		}
	}
	c.same = sameProcesses(outcome, func(u int) bool { _, ok := last[u]; return ok })
	return c
}

// again returns the command that shows the unit's failure with nothing else, "" if there is
// none, or it is known not to. That of a group is the one of its process.
func (u Unit) again() string {
	command := u.Again
	if command == "" && u.isGroup() {
		command = u.Command
	}
	if u.FailsAlone == No || len(command) > maxCommand {
		return ""
	}
	return command
}

// sameProcesses lists the commands that run the processes of failures again, the flaky ones
// too: they are the ones one wants to see again. Units that failed in one process share one.
// told reports whether the note of a failed unit, by its place, stands below its failure.
func sameProcesses(outcome Outcome, told func(int) bool) []sameProcess {
	var list []sameProcess
	place := map[string]int{}
	for i, u := range slices.Concat(outcome.Failed, outcome.Flaky) {
		command, note := u.Command, i < len(outcome.Failed) && u.Note != "" && !told(i)
		// A process of one test is what the unit's own command starts.
		if len(command) > maxCommand || u.again() != "" && u.aloneInProcess() || told(i) && command == u.again() {
			command = ""
		}
		p, ok := place[command]
		switch {
		case ok:
		case command == "" && !note, len(list) == maxCommands:
			continue
		default:
			p = len(list)
			place[command] = p
			list = append(list, sameProcess{command: command})
		}
		if note {
			list[p].units = append(list[p].units, u)
		}
	}
	return list
}

// aloneInProcess reports whether the unit's process ran nothing but the test of its name.
func (u Unit) aloneInProcess() bool {
	return strings.Contains(u.Command, " -run '^("+u.Name+")$' ")
}

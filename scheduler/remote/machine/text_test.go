package machine

import (
	"fmt"
	"reflect"
	"strings"
)

// text is an act in a few words.
func text(act Act) string {
	v := reflect.ValueOf(act)
	name := v.Type().Name()
	switch act := act.(type) {
	case Fetch:
		return name + " " + strings.Join(act.Lanes, ",")
	case Start:
		return fmt.Sprintf("%s %s as %d of %d", name, act.Lease.Token, act.Worker, act.Workers)
	case Extend:
		return name + " " + act.Token
	case Put:
		return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", name, act.Token, act.What, act.Why))
	case Announce:
		return fmt.Sprintf("%s %v late %d", name, act.Node.Holds, act.Node.Late)
	case SetState:
		return fmt.Sprintf("%s %s %v %v %d", name, act.State.Phase, act.State.Numbers, act.State.Sick, act.State.Code)
	}
	switch act := act.(type) {
	case End:
		return fmt.Sprintf("%s %s %s %d %v %d %v", name, act.Token, act.How.Batch, act.How.Attempt, act.How.Quit, act.How.Signal, act.How.Kill)
	case Publish:
		s := fmt.Sprintf("%s %s %d %s %d", name, act.Key.Batch, act.Key.Attempt, act.Lane, act.Round)
		if act.Before > 0 {
			s += fmt.Sprint(" before ", act.Before)
		}
		return s
	case List:
		known := make(map[string]bool)
		for k := range act.Known {
			known[fmt.Sprint(k.Batch, " ", k.Attempt)] = true
		}
		return fmt.Sprint(name, " ", known)
	case Stop:
		s := act.Stop
		if s.Drop != 0 {
			text := fmt.Sprintf("Drop %d %s %d %v", act.Fence, s.Batch, s.Attempt, s.Begun)
			if s.Stands {
				text += fmt.Sprintf(" below %d, its result stands", s.Drop)
			}
			return text
		}
		return fmt.Sprintf("%s %d %s %d %v %d %v", name, act.Fence, s.Batch, s.Attempt, s.Quit, s.Signal, s.Kill)
	}
	return strings.TrimSpace(name + " " + strings.NewReplacer("{", "", "}", "").Replace(fmt.Sprint(act)))
}

func texts(acts []Act) string {
	all := make([]string, len(acts))
	for i, act := range acts {
		all[i] = text(act)
	}
	return strings.Join(all, "; ")
}

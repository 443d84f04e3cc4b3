package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// status shows how a run stands.
type status struct {
	queue queueFlags
	node  string
	json  bool
}

func newStatus() (*flagTable, runner) {
	s := &status{node: "status"}
	t := newTable("status")
	s.queue.bind(t)
	bindNode(t, &s.node)
	t.toggle(&s.json, usage.Flag{Name: "json", Help: "print JSON"})
	return t, s
}

// bindNode binds the name under which a command that only looks logs in.
func bindNode(t *flagTable, node *string) {
	t.text(node, usage.Flag{Name: "node", Takes: "NAME", Default: *node,
		Help: "the machine whose account is used, if accounts are of one machine each"})
}

func (s *status) problems() []string { return append(s.queue.problems(), nodeProblems(s.node)...) }

func nodeProblems(node string) []string {
	if err := remote.CheckID(node); err != nil {
		return []string{fmt.Sprintf("--node=%s: %v", node, err)}
	}
	return nil
}

func (s *status) run(ctx context.Context, c *command) error {
	e, err := s.queue.look(ctx, s.node)
	if err != nil {
		return err
	}
	view, err := e.view(ctx)
	err = errors.Join(err, e.Close())
	if err != nil {
		return err
	}
	if s.json {
		data, err := json.MarshalIndent(view, "", "  ")
		if err != nil {
			return fmt.Errorf("print the status: %w", err)
		}
		_, err = fmt.Fprintf(c.stdout, "%s\n", data)
		return err
	}
	return view.print(c.stdout)
}

// look opens the engine of a run for a command that takes no part in it. The wait for the server is
// bounded.
func (q *queueFlags) look(ctx context.Context, node string) (*engine, error) {
	reach, cancel := context.WithTimeout(ctx, q.wait)
	defer cancel()
	l, err := dial(reach, q, node)
	if err != nil {
		return nil, err
	}
	e, err := open(l, q.runID, node, remote.DefaultTerms(), limits{})
	if err != nil {
		l.shut()
	}
	return e, err
}

// view is how a run stands, as it is printed.
type view struct {
	Run     string       `json:"run"`
	Phase   remote.Phase `json:"phase"`
	Leader  string       `json:"leader"` // "": nobody leads
	Verdict string       `json:"verdict,omitempty"`
	Code    *int         `json:"code,omitempty"` // only of a run that is done
	Waiting int          `json:"waiting"`        // batches, as are the next two
	Running int          `json:"running"`
	Done    int          `json:"done"`
	Nodes   []viewNode   `json:"nodes"`
	Lanes   []viewLane   `json:"lanes"`
}

type viewNode struct {
	Name  string `json:"name"`
	Slots int    `json:"slots"`
	Holds int    `json:"holds"`
	Late  int    `json:"late"` // its results that came second
	Sick  bool   `json:"sick,omitempty"`
	// Stands reports that set-ups of its workers have built something that is not torn down yet.
	Stands bool `json:"stands,omitempty"`
}

type viewLane struct {
	Name    string `json:"name"`
	Waiting int    `json:"waiting"`
	Leased  int    `json:"leased"`
}

// view asks the server how the run stands.
func (e *engine) view(ctx context.Context) (*view, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	r, err := e.Run(ctx)
	if errors.Is(err, remote.ErrGone) {
		return nil, fmt.Errorf("run %s is not known: %w", e.names.run, err)
	}
	if err != nil {
		return nil, err
	}
	v := &view{Run: e.names.run, Phase: r.State.Phase, Leader: r.Leader, Nodes: []viewNode{}, Lanes: []viewLane{}}
	err = errors.Join(e.viewNodes(ctx, v, r.State.Sick), e.viewResults(ctx, v))
	if r.State.Phase == remote.Done { // what is still in a lane has not been taken out, and does not run
		v.Verdict, v.Code = r.State.Verdict, &r.State.Code
		return v, err
	}
	return v, errors.Join(err, e.viewLanes(ctx, v))
}

func (e *engine) viewNodes(ctx context.Context, v *view, sick []string) error {
	all, err := e.list(ctx, []string{keyNode})
	if err != nil {
		return err
	}
	for key, got := range all {
		var n remote.Node
		if got.value == nil || json.Unmarshal(got.value, &n) != nil {
			continue
		}
		name := strings.TrimPrefix(key, keyNode)
		v.Nodes = append(v.Nodes, viewNode{name, n.Slots, len(n.Holds), n.Late, slices.Contains(sick, name), n.Stands})
	}
	slices.SortFunc(v.Nodes, func(a, b viewNode) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

func (e *engine) viewLanes(ctx context.Context, v *view) error {
	lanes, err := e.Lanes(ctx)
	for _, l := range lanes {
		v.Lanes = append(v.Lanes, viewLane(l))
		v.Waiting += l.Waiting
		v.Running += l.Leased
	}
	slices.SortFunc(v.Lanes, func(a, b viewLane) int { return cmp.Compare(a.Name, b.Name) })
	return err
}

func (e *engine) viewResults(ctx context.Context, v *view) error {
	stream := e.names.resultStream()
	err := e.do(ctx, "count results", "$JS.API.STREAM.INFO."+stream, func(ctx context.Context) error {
		s, err := e.js.Stream(ctx, stream)
		if err == nil {
			v.Done = int(s.CachedInfo().State.Msgs)
		}
		return err
	})
	if errors.Is(err, remote.ErrGone) { // its leader has only just taken the lock
		return nil
	}
	return err
}

// print writes the view for people.
func (v *view) print(to io.Writer) error {
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	led := "nobody leads it"
	if v.Leader != "" {
		led = "led by " + v.Leader
	}
	fmt.Fprintf(t, "run %s: %s, %s\n", v.Run, v.Phase, led)
	fmt.Fprintf(t, "batches: %d waiting, %d running, %d done\n", v.Waiting, v.Running, v.Done)
	if v.Code != nil {
		fmt.Fprintf(t, "exit code %d: %s\n", *v.Code, v.Verdict)
	}
	if len(v.Nodes) > 0 {
		fmt.Fprintf(t, "\nMACHINE\tSLOTS\tHOLDS\tLATE\n")
	}
	for _, n := range v.Nodes {
		sick := ""
		if n.Sick {
			sick = "\tsick: it gets no more work"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d%s\n", n.Name, n.Slots, n.Holds, n.Late, sick)
	}
	if len(v.Lanes) > 0 {
		fmt.Fprintf(t, "\nLANE\tWAITING\tRUNNING\n")
	}
	for _, l := range v.Lanes {
		fmt.Fprintf(t, "%s\t%d\t%d\n", l.Name, l.Waiting, l.Leased)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the status: %w", err)
	}
	return nil
}

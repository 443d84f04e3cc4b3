package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// anyRun stands for all runs, and anyNode for all machines.
const anyRun, anyNode = "*", "*"

// The roles that accounts are for.
const (
	roleLeader = "leader"
	roleAgent  = "agent"
)

// permissions prints what an account on a NATS server must be allowed to do, and no more.
type permissions struct{ runID, role, node string }

func newPermissions() (*flagTable, runner) {
	p := &permissions{node: anyNode}
	t := newTable("permissions")
	t.text(&p.runID, usage.Flag{Name: "queue-run", Takes: "ID", Variable: "COHORT_QUEUE_RUN",
		Help: "the run, or '*' for all runs of the server"})
	t.text(&p.role, usage.Flag{Name: "role", Kind: usage.Choice, Choices: []string{roleLeader, roleAgent}, Takes: "ROLE",
		Help: "leader: it may also be an agent; agent: it only runs tests"})
	t.text(&p.node, usage.Flag{Name: "node", Takes: "NAME", Default: "'*', for all machines", Help: "the machine that uses the account"})
	return t, p
}

func (p *permissions) problems() (all []string) {
	if p.role == "" {
		all = append(all, "--role is missing: leader or agent")
	}
	if p.runID == "" {
		all = append(all, "--queue-run is missing: the name of the run, or '*' for all runs")
	} else if err := remote.CheckID(p.runID); err != nil && p.runID != anyRun {
		all = append(all, fmt.Sprintf("--queue-run=%s: %v", p.runID, err))
	}
	if err := remote.CheckID(p.node); err != nil && p.node != anyNode {
		all = append(all, fmt.Sprintf("--node=%s: %v", p.node, err))
	}
	return all
}

func (p *permissions) run(_ context.Context, c *command) error {
	_, err := io.WriteString(c.stdout, p.text())
	return err
}

// text is the part of a configuration of nats-server.
func (p *permissions) text() string {
	publish, subscribe := grants(names{p.runID}, p.role, p.node)
	var b strings.Builder
	b.WriteString("permissions {\n")
	for _, part := range []struct {
		name     string
		subjects []string
	}{{"publish", publish}, {"subscribe", subscribe}} {
		fmt.Fprintf(&b, "  %s { allow: [\n", part.name)
		for _, s := range part.subjects {
			fmt.Fprintf(&b, "    %q\n", s)
		}
		b.WriteString("  ] }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// grants are the subjects that a role may publish to and subscribe to. An agent may not make
// consumers: it could have the server deliver what it likes to subjects that it may not write.
func grants(n names, role, node string) (publish, subscribe []string) {
	work, result, output, keys := n.workStream(), n.resultStream(), n.outputStream(), n.keyStream()
	if n.run == anyRun { // a part of a name cannot be a wildcard
		work, result, output, keys = "*", "*", "*", "*"
	}
	binaries := binaryStream
	if role == roleLeader {
		publish = []string{n.subject(">"), "$KV." + bucketOf(n) + ".>", "$O." + binaryBucket + ".>"}
		for _, s := range unique(work, result, output, keys, binaries) {
			publish = append(publish, "$JS.API.STREAM.CREATE."+s)
		}
		publish = append(publish, "$JS.API.STREAM.PURGE."+binaries)
		for _, s := range unique(work, result) {
			publish = append(publish, "$JS.API.CONSUMER.CREATE."+s+".>", "$JS.API.CONSUMER.DELETE."+s+".*")
		}
	} else {
		publish = []string{n.subject("result", ">"), n.subject("out", node, ">"), "$KV." + bucketOf(n) + "." + keyNode + node}
	}
	for _, s := range unique(work, result, output, keys, binaries) {
		publish = append(publish, "$JS.API.STREAM.INFO."+s, "$JS.API.STREAM.MSG.GET."+s)
	}
	publish = append(publish, "$JS.API.INFO", "$JS.API.DIRECT.GET."+binaries, "$JS.API.DIRECT.GET."+binaries+".>", "$JS.API.CONSUMER.LIST."+work)
	pulled := []string{work}
	if role == roleLeader {
		pulled = unique(work, result)
	}
	for _, s := range pulled {
		publish = append(publish, "$JS.API.CONSUMER.INFO."+s+".*", "$JS.API.CONSUMER.MSG.NEXT."+s+".*")
	}
	publish = append(publish, "$JS.ACK."+work+".>")
	return publish, []string{inboxOf(node) + ".>", n.live(">")}
}

// bucketOf is the bucket of a run as a part of a subject.
func bucketOf(n names) string {
	if n.run == anyRun {
		return "*"
	}
	return n.keyBucket()
}

// unique leaves out what is there twice, and everything else where everything is allowed.
func unique(all ...string) []string {
	var some []string
	for _, s := range all {
		if s == "*" {
			return []string{"*"}
		}
		some = append(some, s)
	}
	return some
}

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// queueOptions say whether this machine is one of several that share a run, and how.
type queueOptions struct {
	url, runID                      string // "": this machine is alone
	role                            queueRole
	creds, tokenFile, ca, cert, key string
	insecure                        bool
	wait                            time.Duration
	env                             listValue
	binaries                        queueBinariesValue
	leads                           *queueLead // nil: this machine does not lead, or not yet
}

// What a machine of a run may be.
const (
	queueAuto   = "auto"
	queueLeader = "leader"
	queueAgent  = "agent"
)

var queueRoles = []string{queueAuto, queueLeader, queueAgent}

// queueRole is one of queueRoles; "" is the first.
type queueRole string

func (v *queueRole) Set(raw string) error { return setWord((*string)(v), raw, queueRoles) }
func (v *queueRole) Type() string         { return "role" }
func (v *queueRole) String() string       { return word(string(*v), queueRoles) }

// filled is a text that is not empty: a server whose variable is not set must not come to a run on
// each machine alone.
type filled string

func (v *filled) Set(raw string) error {
	if raw == "" {
		return errors.New("it is empty")
	}
	*v = filled(raw)
	return nil
}

func (v *filled) Type() string   { return "string" }
func (v *filled) String() string { return string(*v) }

// bindQueue binds what lets several machines share a run.
func bindQueue(t *flagTable, o *queueOptions) {
	t.section = sectionQueue
	o.wait = 2 * time.Minute
	t.add((*filled)(&o.url), usage.Flag{Name: "queue", Takes: "URL", Variable: "COHORT_QUEUE", Own: true,
		Help: "share the run with all machines that are given this server, such as nats://ci:4222; several by comma"})
	t.text(&o.runID, "", usage.Flag{Name: "queue-run", Takes: "ID", Variable: "COHORT_QUEUE_RUN", Needs: "queue", Own: true,
		Help: "the name of the run, the same on all its machines and new for each attempt"})
	t.add(&o.role, usage.Flag{Name: "queue-role", Takes: "ROLE", Kind: usage.Choice, Choices: queueRoles, Needs: "queue", Own: true,
		Help: "auto: the first machine leads, another if it dies; leader: this one, or it fails; agent: never this one"})
	t.add(&o.env, usage.Flag{Name: "queue-env", Takes: "NAMES", Repeat: true, Needs: "queue", Own: true,
		Help: "variables of the leading machine that tests on the others see too, separated by spaces"})
	t.add(&o.binaries, usage.Flag{Name: "queue-binaries", Takes: "SOURCE", Kind: usage.Choice, Choices: queueBinaries, Needs: "queue", Own: true,
		Help: "test binaries on other machines: auto: downloaded, or built if that fails; ship: downloaded; build: built, or downloaded if they differ"})
	t.add(newPlainDuration(&o.wait), usage.Flag{Name: "queue-wait", Takes: "DURATION", Needs: "queue", Own: true, Default: "2m",
		Help: "wait so long for a server or a leader, then give up"})
	t.text(&o.creds, "", usage.Flag{Name: "queue-creds", Path: usage.InputFile, Needs: "queue", Own: true,
		Help: "who this machine is: NATS credentials, the seed of a user, or user:password"})
	t.text(&o.tokenFile, "", usage.Flag{Name: "queue-token-file", Path: usage.InputFile, Needs: "queue", Own: true,
		Help: "the token that the server asks for"})
	t.text(&o.ca, "", usage.Flag{Name: "queue-ca", Path: usage.InputFile, Needs: "queue", Own: true,
		Help: "certificates that the server's is checked against, instead of the system's"})
	t.text(&o.cert, "", usage.Flag{Name: "queue-cert", Path: usage.InputFile, Needs: "queue-key", Own: true,
		Help: "certificate of this machine"})
	t.text(&o.key, "", usage.Flag{Name: "queue-key", Path: usage.InputFile, Needs: "queue-cert", Own: true,
		Help: "key of the certificate"})
	t.toggle(&o.insecure, false, usage.Flag{Name: "queue-insecure", Needs: "queue", Own: true,
		Help: "do without TLS also to other machines"})
}

// words are the flags of the program that talks to the server.
func (o *queueOptions) words() []string {
	words := []string{"--queue=" + o.url, "--queue-run=" + o.runID, "--queue-wait=" + o.wait.String()}
	for _, f := range [][2]string{{"creds", o.creds}, {"token-file", o.tokenFile}, {"ca", o.ca}, {"cert", o.cert}, {"key", o.key}} {
		if f[1] != "" {
			words = append(words, "--queue-"+f[0]+"="+f[1])
		}
	}
	if o.insecure {
		words = append(words, "--queue-insecure")
	}
	return words
}

// queueProblems returns what is wrong with a run on several machines, one line each.
func (o *options) queueProblems() []string {
	q := &o.queue
	if q.url == "" && q.runID != "" {
		return []string{"--queue-run=" + q.runID + ": --queue (or COHORT_QUEUE) is missing, the server of the run"}
	}
	if q.url == "" {
		return nil
	}
	var all []string
	if q.runID == "" {
		all = append(all, "--queue-run is missing: the name of the run, the same on all its machines")
	} else if err := remote.CheckID(q.runID); err != nil {
		all = append(all, fmt.Sprintf("--queue-run=%s: %v", q.runID, err))
	}
	if q.wait <= 0 {
		all = append(all, fmt.Sprintf("--queue-wait=%v: must be longer than 0", q.wait))
	}
	for _, name := range q.env {
		if slices.Contains([]string{"PATH", "HOME", "PWD", "GOROOT"}, name) {
			all = append(all, fmt.Sprintf("--queue-env=%s: each machine has its own", name))
		}
	}
	for _, with := range []struct {
		given bool
		what  string
	}{
		{o.rawCommand, "--raw-command: only go test's own binaries can be sent"},
		{o.watch, "--watch: a run on several machines ends"},
		{o.archive != "", "--archive: use --shard"},
		{o.shard.shard.given(), "--shard: the queue divides the tests"},
	} {
		if with.given {
			all = append(all, "--queue cannot be used with "+with.what)
		}
	}
	return all
}

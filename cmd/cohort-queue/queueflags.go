package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/scheduler/remote"
)

// queueFlags say which run is meant, and how its server is reached.
type queueFlags struct {
	url, runID string
	login      login
	wait       time.Duration
	ping       time.Duration // how often the server is asked whether it is there; 0: pingEvery
}

// bind adds all flags to a table.
func (q *queueFlags) bind(t *flagTable) {
	t.text(&q.runID, usage.Flag{Name: "queue-run", Takes: "ID", Variable: "COHORT_QUEUE_RUN",
		Help: "the run, the same on all its machines: letters, digits, _ and - (or COHORT_QUEUE_RUN)"})
	q.bindServer(t)
}

// bindServer adds the flags that say how the server is reached.
func (q *queueFlags) bindServer(t *flagTable) {
	q.wait = 2 * time.Minute
	t.text(&q.url, usage.Flag{Name: "queue", Takes: "URL", Variable: "COHORT_QUEUE",
		Help: "the server, such as nats://ci:4222; several are separated by commas (or COHORT_QUEUE)"})
	t.text(&q.login.creds, usage.Flag{Name: "queue-creds", Path: usage.InputFile,
		Help: "who this client is: NATS credentials, the seed of a user, or user:password"})
	t.text(&q.login.tokenFile, usage.Flag{Name: "queue-token-file", Path: usage.InputFile, Help: "the token that the server asks for"})
	t.text(&q.login.ca, usage.Flag{Name: "queue-ca", Path: usage.InputFile,
		Help: "certificates that the server's is checked against, instead of the system's"})
	t.text(&q.login.cert, usage.Flag{Name: "queue-cert", Path: usage.InputFile, Help: "certificate of this client"})
	t.text(&q.login.key, usage.Flag{Name: "queue-key", Path: usage.InputFile, Help: "key of the certificate"})
	t.toggle(&q.login.insecure, usage.Flag{Name: "queue-insecure", Help: "do without TLS also to other machines"})
	t.add((*durationValue)(&q.wait), usage.Flag{Name: "queue-wait", Takes: "DURATION", Default: "2m",
		Help: "how long to wait for the server"})
}

func (q *queueFlags) problems() (all []string) {
	all = q.serverProblems()
	if q.runID == "" {
		return append(all, "--queue-run is missing: the name of the run, the same on all its machines")
	}
	if err := remote.CheckID(q.runID); err != nil {
		all = append(all, fmt.Sprintf("--queue-run=%s: %v", q.runID, err))
	}
	return all
}

func (q *queueFlags) serverProblems() (all []string) {
	if q.url == "" {
		all = append(all, "--queue is missing: the address of the server, such as nats://ci:4222")
	} else if _, err := readAddresses(q.url); err != nil {
		all = append(all, fmt.Sprintf("--queue %v", err))
	}
	return append(all, q.login.problems()...)
}

// durationValue is a positive duration.
type durationValue time.Duration

var _ pflag.Value = (*durationValue)(nil)

func (v *durationValue) Set(raw string) error {
	d, err := usage.ParseDuration(raw)
	if err != nil {
		return err
	}
	if d <= 0 {
		return errors.New("must be longer than 0")
	}
	*v = durationValue(d)
	return nil
}

func (v *durationValue) String() string { return time.Duration(*v).String() }
func (v *durationValue) Type() string   { return "duration" }

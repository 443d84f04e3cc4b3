package main

import (
	"fmt"
	"strings"

	"github.com/gotestcohort/cohort/scheduler/remote"
)

// names are what a run's things are called on the server. The id of a run is one part of a subject,
// and none of it is a wildcard.
type names struct{ run string }

// namesOf returns the names of a run, or what is wrong with its id.
func namesOf(run string) (names, error) {
	if err := remote.CheckID(run); err != nil {
		return names{}, fmt.Errorf("run id %q: %w", run, err)
	}
	return names{run: run}, nil
}

// binaryBucket is the object store that all runs share, and the stream that holds it.
const (
	binaryBucket = "COHORT_B"
	binaryStream = "OBJ_" + binaryBucket
)

func (n names) workStream() string   { return "COHORT_W_" + n.run }
func (n names) resultStream() string { return "COHORT_R_" + n.run }
func (n names) outputStream() string { return "COHORT_O_" + n.run }

// keyBucket is the key-value bucket of the run, and keyStream the stream that holds it.
func (n names) keyBucket() string { return "COHORT_K_" + n.run }
func (n names) keyStream() string { return "KV_" + n.keyBucket() }

// key is the subject of a key of the bucket.
func (n names) key(key string) string { return "$KV." + n.keyBucket() + "." + key }

// live is the subject on which a change of a key is told to whoever listens.
func (n names) live(key string) string { return n.subject("live", key) }

// subject joins the parts of a subject of the run.
func (n names) subject(parts ...string) string {
	return strings.Join(append([]string{"cohort", n.run}, parts...), ".")
}

// The keys of the bucket.
const (
	keyRun    = "run"    // the facts
	keyLeader = "leader" // who leads
	keyLast   = "last"   // who led last
	keyState  = "state"  // how the run stands
	keyNode   = "node."  // and the name of a node: what it says of itself
	keyStop   = "stop."  // and a batch: that it is to be stopped
)

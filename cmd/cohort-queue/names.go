package main

import (
	"errors"
	"fmt"
	"strings"
)

// names are what a run's things are called on the server. A run is a word of letters, digits, _ and
// -, so that it is one part of a subject and none of it is a wildcard.
type names struct{ run string }

// maxName is how long the name of a run, a node, a lane or a batch may be.
const maxName = 64

// checkName reports what is wrong with a word that becomes a part of subjects.
func checkName(word string) error {
	if word == "" {
		return errors.New("is empty")
	}
	if len(word) > maxName {
		return fmt.Errorf("has %d characters; %d are allowed", len(word), maxName)
	}
	for _, r := range word {
		if !isWordRune(r) {
			return fmt.Errorf("has %q in it; letters, digits, _ and - are allowed", r)
		}
	}
	return nil
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// namesOf returns the names of a run, or what is wrong with its id.
func namesOf(run string) (names, error) {
	if err := checkName(run); err != nil {
		return names{}, fmt.Errorf("run id %q %w", run, err)
	}
	return names{run: run}, nil
}

// binaryBucket is the object store that all runs share.
const binaryBucket = "COHORT_B"

func (n names) workStream() string   { return "COHORT_W_" + n.run }
func (n names) resultStream() string { return "COHORT_R_" + n.run }
func (n names) outputStream() string { return "COHORT_O_" + n.run }

// keyBucket is the key-value bucket of the run; its stream has the bucket's name after KV_.
func (n names) keyBucket() string { return "COHORT_K_" + n.run }
func (n names) keyStream() string { return "KV_" + n.keyBucket() }

// subject joins the parts of a subject of the run.
func (n names) subject(parts ...string) string {
	return strings.Join(append([]string{"cohort", n.run}, parts...), ".")
}

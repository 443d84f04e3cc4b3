package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Shard is the part of a suite that one machine runs.
type Shard struct {
	// Index is from 1 to Count.
	Index, Count int
	// System names the CI system that said so, "" if the user did.
	System string
	// StatusFile is a file that must be created, even if the shard turns out to be empty: Bazel
	// fails a test that was to be sharded and does not show that it knows. "" is none.
	StatusFile string
}

// String returns the shard as the flag takes it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// ParseShard reads the value of --shard: I/N with I from 1, auto, or auto/N, which takes only I
// from the CI system, as Kubernetes does not tell N. getenv returns a variable's value, or "".
func ParseShard(value string, getenv func(string) string) (Shard, error) {
	first, second, slash := strings.Cut(value, "/")
	count := 0
	var err error
	if slash {
		if count, err = shardNumber(second); err != nil || count < 1 {
			return Shard{}, fmt.Errorf("--shard=%s: write --shard=I/N with numbers, such as 2/5, or --shard=auto", value)
		}
	}
	if first == "auto" {
		s, err := autoShard(count, getenv)
		if err != nil {
			return Shard{}, fmt.Errorf("--shard=%s: %w", value, err)
		}
		return s, nil
	}
	index, err := shardNumber(first)
	switch {
	case !slash || err != nil:
		return Shard{}, fmt.Errorf("--shard=%s: write --shard=I/N with numbers, such as 2/5, or --shard=auto", value)
	case index < 1:
		return Shard{}, fmt.Errorf("--shard=%s: shards are numbered from 1", value)
	case index > count:
		return Shard{}, fmt.Errorf("--shard=%s: there are only %d shards", value, count)
	}
	return Shard{Index: index, Count: count}, nil
}

// shardNumber reads a number as people write it: digits, no sign.
func shardNumber(s string) (int, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, errors.New("not a number")
	}
	return strconv.Atoi(s)
}

// ciSystem says where a CI system tells a job its part.
type ciSystem struct {
	name         string
	index, count string // variables; count is "" if it does not tell
	base         int    // the number of the first job
	status       string // variable with the name of a file to create, or ""
}

// ciSystems are those that are asked. Bazel is the first since it may run inside any other.
func ciSystems() []ciSystem {
	return []ciSystem{
		{name: "Bazel", index: "TEST_SHARD_INDEX", count: "TEST_TOTAL_SHARDS", status: "TEST_SHARD_STATUS_FILE"},
		{name: "CircleCI", index: "CIRCLE_NODE_INDEX", count: "CIRCLE_NODE_TOTAL"},
		{name: "Buildkite", index: "BUILDKITE_PARALLEL_JOB", count: "BUILDKITE_PARALLEL_JOB_COUNT"},
		{name: "GitLab", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", base: 1},
		{name: "Kubernetes", index: "JOB_COMPLETION_INDEX"},
	}
}

// autoShard asks the CI systems. count is what the user says of their number, 0 for nothing.
func autoShard(count int, getenv func(string) string) (Shard, error) {
	var found []Shard
	for _, sys := range ciSystems() {
		s, ok, err := sys.shard(count, getenv)
		if err != nil {
			return Shard{}, err
		}
		if !ok {
			continue
		}
		if sys.status != "" {
			return s, nil // what runs innermost
		}
		found = append(found, s)
	}
	if len(found) == 0 {
		return Shard{}, errors.New("no CI system says which part this is (CircleCI, Buildkite, GitLab with parallel:, " +
			"a Kubernetes indexed job or Bazel): write --shard=I/N")
	}
	for _, s := range found[1:] {
		if s.Index != found[0].Index || s.Count != found[0].Count {
			return Shard{}, fmt.Errorf("%s says %v, %s says %v: write --shard=I/N", found[0].System, found[0], s.System, s)
		}
	}
	return found[0], nil
}

// shard reads what one system says. ok is false if it says nothing.
func (sys ciSystem) shard(count int, getenv func(string) string) (s Shard, ok bool, err error) {
	indexText, countText := getenv(sys.index), ""
	if sys.count != "" {
		countText = getenv(sys.count)
	}
	// GitLab gives a job without parallel: a total of 1 and no index.
	if indexText == "" && (countText == "" || countText == "1") {
		return s, false, nil
	}
	index, err := shardNumber(indexText)
	if err != nil {
		return s, false, fmt.Errorf("%s: %s=%q is not a number", sys.name, sys.index, indexText)
	}
	total := count
	switch {
	case sys.count == "" && count == 0:
		return s, false, fmt.Errorf("%s tells which part this is (%s=%s), but not of how many: write --shard=auto/N", sys.name, sys.index, indexText)
	case sys.count != "":
		if total, err = shardNumber(countText); err != nil || total < 1 {
			return s, false, fmt.Errorf("%s: %s=%q is not a number of jobs", sys.name, sys.count, countText)
		}
		if count != 0 && count != total {
			return s, false, fmt.Errorf("%s: %s=%d, but the flag says %d", sys.name, sys.count, total, count)
		}
	}
	index += 1 - sys.base
	if index < 1 || index > total {
		return s, false, fmt.Errorf("%s: %s=%s is not one of %d jobs numbered from %d", sys.name, sys.index, indexText, total, sys.base)
	}
	s = Shard{Index: index, Count: total, System: sys.name}
	if sys.status != "" {
		s.StatusFile = getenv(sys.status)
	}
	return s, true, nil
}

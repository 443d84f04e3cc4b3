package plan

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseShard(t *testing.T) {
	t.Parallel()
	const (
		form    = "write --shard=I/N with numbers, such as 2/5, or --shard=auto"
		circle  = "CIRCLE_NODE_INDEX=1 CIRCLE_NODE_TOTAL=4"
		kite    = "BUILDKITE_PARALLEL_JOB=0 BUILDKITE_PARALLEL_JOB_COUNT=3"
		gitlab  = "CI_NODE_INDEX=3 CI_NODE_TOTAL=3"
		bazel   = "TEST_SHARD_INDEX=2 TEST_TOTAL_SHARDS=5 TEST_SHARD_STATUS_FILE=out/status"
		kube    = "JOB_COMPLETION_INDEX=7"
		nothing = "no CI system says which part this is (CircleCI, Buildkite, GitLab with parallel:, a Kubernetes indexed job or Bazel): write --shard=I/N"
	)
	for _, tt := range []struct{ value, env, want string }{
		{"1/1", "", "1/1"},
		{"2/5", circle, "2/5"}, // what the user says wins
		{"05/5", "", "5/5"},
		{"1000/1000", "", "1000/1000"},
		{"", "", form}, {"3", "", form}, {"/3", "", form}, {"3/", "", form}, {"1/2/3", "", form}, {"a/3", "", form}, {"1/b", "", form},
		{"-1/3", "", form}, {"+1/3", "", form}, {"1/-3", "", form}, {"1 /3", "", form}, {"1/0", "", form}, {"1.0/2", "", form},
		{"99999999999999999999/3", "", form}, {"AUTO", circle, form}, {"auto/", circle, form}, {"auto/x", circle, form},
		{"0/3", "", "shards are numbered from 1"},
		{"4/3", "", "there are only 3 shards"},

		{"auto", "", nothing},
		{"auto/3", "", nothing},
		{"auto", circle, "2/4 CircleCI"}, // from 0
		{"auto", "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=1", "1/1 CircleCI"},
		{"auto", "CIRCLE_NODE_INDEX=4 CIRCLE_NODE_TOTAL=4", "CircleCI: CIRCLE_NODE_INDEX=4 is not one of 4 jobs numbered from 0"},
		{"auto", "CIRCLE_NODE_INDEX=x CIRCLE_NODE_TOTAL=4", `CircleCI: CIRCLE_NODE_INDEX="x" is not a number`},
		{"auto", "CIRCLE_NODE_TOTAL=4", `CircleCI: CIRCLE_NODE_INDEX="" is not a number`},
		{"auto", "CIRCLE_NODE_INDEX=0", `CircleCI: CIRCLE_NODE_TOTAL="" is not a number of jobs`},
		{"auto", "CIRCLE_NODE_INDEX=0 CIRCLE_NODE_TOTAL=0", `CircleCI: CIRCLE_NODE_TOTAL="0" is not a number of jobs`},
		{"auto/4", circle, "2/4 CircleCI"},
		{"auto/5", circle, "CircleCI: CIRCLE_NODE_TOTAL=4, but the flag says 5"},

		{"auto", kite, "1/3 Buildkite"}, // from 0
		{"auto", "BUILDKITE_PARALLEL_JOB=2 BUILDKITE_PARALLEL_JOB_COUNT=3", "3/3 Buildkite"},
		{"auto", "BUILDKITE_PARALLEL_JOB=3 BUILDKITE_PARALLEL_JOB_COUNT=3", "Buildkite: BUILDKITE_PARALLEL_JOB=3 is not one of 3 jobs numbered from 0"},

		{"auto", gitlab, "3/3 GitLab"}, // from 1
		{"auto", "CI_NODE_INDEX=1 CI_NODE_TOTAL=3", "1/3 GitLab"},
		{"auto", "CI_NODE_INDEX=0 CI_NODE_TOTAL=3", "GitLab: CI_NODE_INDEX=0 is not one of 3 jobs numbered from 1"},
		{"auto", "CI_NODE_TOTAL=1", nothing}, // a job without parallel:

		{"auto", kube, "Kubernetes tells which part this is (JOB_COMPLETION_INDEX=7), but not of how many: write --shard=auto/N"},
		{"auto/8", kube, "8/8 Kubernetes"}, // from 0
		{"auto/7", kube, "Kubernetes: JOB_COMPLETION_INDEX=7 is not one of 7 jobs numbered from 0"},

		{"auto", bazel, "3/5 Bazel out/status"}, // from 0
		{"auto", "TEST_SHARD_INDEX=5 TEST_TOTAL_SHARDS=5", "Bazel: TEST_SHARD_INDEX=5 is not one of 5 jobs numbered from 0"},
		{"auto", bazel + " " + circle, "3/5 Bazel out/status"},
		{"auto", circle + " " + gitlab, "CircleCI says 2/4, GitLab says 3/3: write --shard=I/N"},
		{"auto", "CIRCLE_NODE_INDEX=2 CIRCLE_NODE_TOTAL=3 " + gitlab, "3/3 CircleCI"},
		{"auto/8", kube + " " + circle, "CircleCI: CIRCLE_NODE_TOTAL=4, but the flag says 8"},
	} {
		env := make(map[string]string)
		for _, kv := range strings.Fields(tt.env) {
			key, value, _ := strings.Cut(kv, "=")
			env[key] = value
		}
		s, err := ParseShard(tt.value, func(key string) string { return env[key] })
		got := strings.TrimSpace(fmt.Sprintf("%v %s %s", s, s.System, s.StatusFile))
		want := tt.want
		if err != nil {
			got, want = err.Error(), fmt.Sprintf("--shard=%s: %s", tt.value, tt.want)
		}
		if got != want {
			t.Errorf("--shard=%s with %s:\ngot  %s\nwant %s", tt.value, tt.env, got, want)
		}
	}
}

func FuzzParseShard(f *testing.F) {
	f.Add("2/5", "", "")
	f.Add("auto", "1", "4")
	f.Add("auto/8", "7", "")
	f.Fuzz(func(t *testing.T, value, index, count string) {
		env := map[string]string{"CIRCLE_NODE_INDEX": index, "CIRCLE_NODE_TOTAL": count}
		s, err := ParseShard(value, func(key string) string { return env[key] })
		if err != nil {
			return
		}
		if s.Index < 1 || s.Index > s.Count {
			t.Fatalf("--shard=%q: %v", value, s)
		}
		if again, err := ParseShard(s.String(), nil); err != nil || again.Index != s.Index || again.Count != s.Count {
			t.Fatalf("--shard=%q is %v, which is read as %v, %v", value, s, again, err)
		}
	})
}

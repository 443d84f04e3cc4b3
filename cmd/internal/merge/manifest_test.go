package merge

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/progress"
	"github.com/gotestcohort/cohort/report/record"
)

// fill gives every field of a struct a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("1")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 0)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// TestMergeVerdicts merges two verdicts of which every field says something: none may be lost that is
// not known to be.
func TestMergeVerdicts(t *testing.T) {
	t.Parallel()
	var one record.Verdict
	fill(reflect.ValueOf(&one).Elem())
	one.Exit = 0
	got := reflect.ValueOf(mergeVerdicts([]record.Manifest{{Verdict: one, Workers: 2}, {Verdict: one, Workers: 2}}))
	lost := []string{
		"Exit",                                        // Set.Exit
		"Signal", "Lost", "Interrupted", "NotStarted", // such a run is not merged
		"Refused",                      // told by Broken
		"Coverage",                     // Covered.Verdict
		"More", "Annotations", "Bound", // what each shard has told for itself
	}
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		if got.Field(i).IsZero() != slices.Contains(lost, name) {
			t.Errorf("%s is %v: merge it, or say here why not", name, got.Field(i))
		}
	}
	v := got.Interface().(record.Verdict)
	if len(v.Failed) != 2 || len(v.Errors) != 1 || len(v.InQuarantine) != 1 || len(v.Slowest) != 1 || v.Broken != "1" || v.Setups[0].Worker != 1 || v.Setups[1].Worker != 3 {
		t.Errorf("%+v", v)
	}
	one.Seed, one.First, one.Broken = "2", -1, "other"
	v = mergeVerdicts([]record.Manifest{{Verdict: v}, {Verdict: one}})
	if v.Seed != "" || v.First != -1 || v.Broken != "1; other" {
		t.Errorf("%+v", v)
	}
}

// TestExit: a run passes only if all shards do, and one that could not be done counts most.
func TestExit(t *testing.T) {
	t.Parallel()
	for want, codes := range map[int][][]int{0: {{0}, {0, 0}}, 1: {{1, 0}, {0, 1}, {1, 1}}, 3: {{3, 1}, {1, 3}, {3, 4}, {4, 3, 0}}, 4: {{1, 4}, {4, 1}}} {
		for _, list := range codes {
			var s Set
			for _, code := range list {
				s.shards = append(s.shards, &shardRecord{Reader: &record.Reader{Manifest: record.Manifest{Verdict: record.Verdict{Exit: code}}}})
			}
			if got := s.Exit(); got != want {
				t.Errorf("%v: exit %d, want %d", list, got, want)
			}
		}
	}
}

// TestMergeLeavesOutBuilds: what one machine has built says nothing about the workers of all.
func TestMergeLeavesOutBuilds(t *testing.T) {
	t.Parallel()
	m := record.Manifest{Shard: &record.Shard{Index: 1, Count: 1}, Builds: []progress.Build{{Compiling: time.Second}}}
	s := Set{shards: []*shardRecord{{Reader: &record.Reader{Manifest: m}}}}
	if got := s.manifest().Builds; got != nil {
		t.Errorf("builds %v", got)
	}
}

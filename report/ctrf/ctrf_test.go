package ctrf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

// shape is an object of the published schema: which keys it must have, and which it may have.
type shape struct{ must, may []string }

func shapes() map[string]shape {
	return map[string]shape{
		"document": {[]string{"results", "reportFormat", "specVersion"}, []string{"reportId", "timestamp", "generatedBy", "extra", "insights", "baseline"}},
		"results":  {[]string{"tool", "summary", "tests"}, []string{"environment", "extra"}},
		"tool":     {[]string{"name"}, []string{"version", "extra"}},
		"summary": {[]string{"tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"},
			[]string{"flaky", "suites", "duration", "extra"}},
		"test": {[]string{"name", "status", "duration"}, []string{
			"id", "start", "stop", "suite", "message", "trace", "snippet", "ai", "line", "rawStatus", "tags", "labels", "type", "filePath",
			"retries", "retryAttempts", "flaky", "stdout", "stderr", "threadId", "attachments", "parameters", "steps", "insights", "extra"}},
		"attempt": {[]string{"attempt", "status"}, []string{
			"duration", "message", "trace", "line", "snippet", "stdout", "stderr", "start", "stop", "attachments", "extra"}},
		"environment": {nil, []string{"osPlatform", "osRelease", "osVersion", "commit", "branchName", "extra"}},
	}
}

func checkShape(t *testing.T, name string, value any) map[string]any {
	t.Helper()
	object, ok := value.(map[string]any)
	if !ok {
		t.Fatalf("%s is no object: %v", name, value)
	}
	s := shapes()[name]
	for _, key := range s.must {
		if _, ok := object[key]; !ok {
			t.Errorf("%s lacks %q: %v", name, key, object)
		}
	}
	for key := range object {
		if !slices.Contains(s.must, key) && !slices.Contains(s.may, key) {
			t.Errorf("%s has %q, which the schema does not know", name, key)
		}
	}
	return object
}

func checkInteger(t *testing.T, object map[string]any, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if n, ok := object[key].(float64); !ok || n != float64(int64(n)) || n < 0 {
			t.Errorf("%s is no integer: %v", key, object[key])
		}
	}
}

func checkStatus(t *testing.T, object map[string]any) {
	t.Helper()
	if s, ok := object["status"].(string); !ok || !slices.Contains([]string{"passed", "failed", "skipped", "pending", "other"}, s) {
		t.Errorf("status %v", object["status"])
	}
}

// TestSchema holds a document against what the published schema asks for.
func TestSchema(t *testing.T) {
	t.Parallel()
	run := &record.Run{
		Manifest:  record.Manifest{Cohort: "v2", Start: time.UnixMilli(1000), End: time.UnixMilli(3000), System: record.System{OS: "linux"}},
		Packages:  []*record.RunPackage{{Path: "p"}},
		Processes: []record.Process{{Number: 4, Worker: 2}},
		Tests: []*record.Test{
			{Package: "p", Name: "TestA", Attempts: []record.TestAttempt{{Status: record.Passed, Process: 4, Start: time.UnixMilli(1500), Elapsed: time.Second}}},
			{Package: "p", Name: "TestB", Unit: record.Unit{Group: "g", Labels: []string{"slow"}, Owner: "@o"}, Attempts: []record.TestAttempt{
				{Status: record.Failed, Output: "=== RUN   TestB\n    b_test.go:1: no\n"}, {Number: 1, Status: record.Passed}}},
			{Package: "p", Name: "TestC", Attempts: []record.TestAttempt{{Status: record.Skipped}}},
			{Package: "p", Name: "TestD", Attempts: []record.TestAttempt{{Status: record.NoEnd}}},
			{Package: "p", Attempts: []record.TestAttempt{{Status: record.Failed, Output: "exit status 3\n"}}},
		},
	}
	for _, r := range []*record.Run{run, {}} {
		var out bytes.Buffer
		if err := Write(&out, r); err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(out.Bytes(), &value); err != nil {
			t.Fatal(err)
		}
		doc := checkShape(t, "document", value)
		if doc["reportFormat"] != "CTRF" || !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(fmt.Sprint(doc["specVersion"])) {
			t.Errorf("format %v, version %v", doc["reportFormat"], doc["specVersion"])
		}
		checkResults(t, checkShape(t, "results", doc["results"]), len(r.Tests))
	}
}

func checkResults(t *testing.T, res map[string]any, n int) {
	t.Helper()
	checkShape(t, "tool", res["tool"])
	checkShape(t, "environment", res["environment"])
	sum := checkShape(t, "summary", res["summary"])
	checkInteger(t, sum, "tests", "passed", "failed", "skipped", "pending", "other", "flaky", "suites", "start", "stop", "duration")
	tests, ok := res["tests"].([]any)
	if !ok || len(tests) != n {
		t.Fatalf("%d tests, want %d", len(tests), n)
	}
	for _, v := range tests {
		one := checkShape(t, "test", v)
		checkStatus(t, one)
		checkInteger(t, one, "duration")
		if one["name"] == "" || len(one["suite"].([]any)) == 0 {
			t.Errorf("test %v", one)
		}
		attempts, _ := one["retryAttempts"].([]any)
		for _, a := range attempts {
			attempt := checkShape(t, "attempt", a)
			checkStatus(t, attempt)
			checkInteger(t, attempt, "attempt", "duration")
		}
	}
	if n == 0 {
		return
	}
	if got := fmt.Sprint(sum["tests"], sum["passed"], sum["failed"], sum["skipped"], sum["other"], sum["flaky"]); got != "5 2 1 1 1 1" {
		t.Errorf("summary: %s", got)
	}
	b := tests[1].(map[string]any)
	first := b["retryAttempts"].([]any)[0].(map[string]any)
	if b["flaky"] != true || b["retries"] != 1.0 || first["attempt"] != 1.0 || first["message"] != "b_test.go:1: no" {
		t.Errorf("flaky test: %v", b)
	}
	if a := tests[0].(map[string]any); a["threadId"] != "2" || a["start"] != 1500.0 || a["stop"] != 2500.0 {
		t.Errorf("first test: %v", a)
	}
}

package plan

import (
	"fmt"
	"testing"
	"time"
)

func TestShardJobTakes(t *testing.T) {
	t.Parallel()
	const torn = "the shard plan divides what must run in one process (TestA and TestB): make a new one"
	first, other := ShardJob{First: true, Skip: []string{"TestB", "TestC"}}, ShardJob{Run: []string{"TestB", "TestC"}}
	for _, tt := range []struct {
		job   ShardJob
		tests []string
		takes bool
		err   string
	}{
		{first, []string{"TestA"}, true, ""},
		{first, []string{"TestNew", "TestA"}, true, ""},
		{first, []string{"TestB", "TestC"}, false, ""},
		{first, []string{"TestA", "TestB"}, true, torn},
		{other, []string{"TestA"}, false, ""},
		{other, []string{"TestNew"}, false, ""},
		{other, []string{"TestB", "TestC"}, true, ""},
		{other, []string{"TestA", "TestB"}, false, torn},
		{ShardJob{First: true}, []string{"TestA", "TestB"}, true, ""},
		{first, nil, false, ""},
	} {
		takes, err := tt.job.Takes(tt.tests)
		if got := fmt.Sprint(err); takes != tt.takes && err == nil || got != tt.err && (err != nil || tt.err != "") {
			t.Errorf("%+v takes %v: %v, %v, want %v, %s", tt.job, tt.tests, takes, err, tt.takes, tt.err)
		}
	}
	if first.Whole() || other.Whole() || !(ShardJob{First: true}).Whole() {
		t.Error("only a first piece beside which there is no other is the whole package")
	}
}

func TestShardPlanCheck(t *testing.T) {
	t.Parallel()
	a, b := ShardPackage{Path: "a", Units: loose(4, time.Second)}, ShardPackage{Path: "b"}
	p, _ := mustPlan(t, []ShardPackage{a, b}, 2, ByHistory)
	if got := p.Tests(); got != 4 {
		t.Errorf("%d tests, want 4", got)
	}
	more := ShardPackage{Path: "a", Units: append(loose(4, time.Second), ShardUnit{Name: "TestNew", Tests: []string{"TestNew"}})}
	fewer := ShardPackage{Path: "a", Units: loose(3, time.Second)}
	for _, tt := range []struct {
		name string
		now  []ShardPackage
		want string
	}{
		{"as it was", []ShardPackage{b, a}, ""},
		{"a new test", []ShardPackage{more, b}, ""},
		{"a test that is gone", []ShardPackage{fewer, b}, "the shard plan has Test003 of package a, which is not among the tests to run: make a new one"},
		{"nothing can be read of it", []ShardPackage{{Path: "a", Unread: true}, b}, ""},
		{"a package that is gone", []ShardPackage{a}, "the shard plan has package b, which is not among those to test: make a new one"},
		{"a new package", []ShardPackage{a, b, {Path: "c"}}, "the shard plan has no package c: make a new one"},
	} {
		err := p.Check(tt.now)
		if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

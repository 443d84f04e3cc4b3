package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func TestWriteResults(t *testing.T) {
	t.Parallel()
	b := &bench{options: options{json: filepath.Join(t.TempDir(), "results.json")}, cores: 2}
	two := table{title: "title", bound: time.Second, contestants: []contestant{{name: "slow"}, {name: "fast"}}}
	b.results = results("row", two, [][]sample{
		{{time: 4 * time.Second, cpu: 3 * time.Second, memory: 5e6}, {time: 6 * time.Second}},
		{{time: 2 * time.Second}, {time: 1 * time.Second}},
	})
	if err := b.writeResults(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(b.json)
	if err != nil {
		t.Fatal(err)
	}
	var got resultFile
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []result{
		{"row", "title", "slow", time.Second, []resultItem{{4 * time.Second, 3 * time.Second, 5e6}, {6 * time.Second, 0, 0}}},
		{"row", "title", "fast", time.Second, []resultItem{{2 * time.Second, 0, 0}, {time.Second, 0, 0}}},
	}
	if got.Cores != 2 || !reflect.DeepEqual(got.Results, want) {
		t.Errorf("got %+v", got)
	}
}

func TestNoResultsFile(t *testing.T) {
	t.Parallel()
	if err := (&bench{}).writeResults(); err != nil {
		t.Error(err)
	}
	b := &bench{options: options{json: filepath.Join(t.TempDir(), "missing", "results.json")}}
	if err := b.writeResults(); err == nil {
		t.Error("a file that cannot be written is no error")
	}
}

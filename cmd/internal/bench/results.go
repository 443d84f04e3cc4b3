package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"time"
)

// resultFile is what -json writes.
type resultFile struct {
	Go      string   `json:"go"`
	OS      string   `json:"os"`
	Arch    string   `json:"arch"`
	Cores   int      `json:"cores"`
	Results []result `json:"results"`
}

// result is the measurements of one contestant of a table, in the order of the rounds.
type result struct {
	Row        string        `json:"row"`
	Table      string        `json:"table"`
	Contestant string        `json:"contestant"`
	Bound      time.Duration `json:"boundNanoseconds,omitempty"`
	Samples    []resultItem  `json:"samples"`
}

// resultItem is one measurement. Memory is 0 where it is not known.
type resultItem struct {
	Time   time.Duration `json:"nanoseconds"`
	CPU    time.Duration `json:"cpuNanoseconds"`
	Memory int64         `json:"peakMemoryBytes,omitempty"`
}

// results describes the measurements of a table.
func results(row string, t table, samples [][]sample) []result {
	var all []result
	for i, c := range t.contestants {
		r := result{Row: row, Table: t.title, Contestant: c.name, Bound: t.bound}
		for _, s := range samples[i] {
			r.Samples = append(r.Samples, resultItem{s.time, s.cpu, s.memory})
		}
		all = append(all, r)
	}
	return all
}

// writeResults writes what has been measured to the file that was asked for, also when a row has
// failed since.
func (b *bench) writeResults() error {
	if b.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(resultFile{runtime.Version(), runtime.GOOS, runtime.GOARCH, b.cores, b.results}, "", "\t")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	return os.WriteFile(b.json, append(text, '\n'), 0o666)
}

package main

import (
	"io"
	"reflect"
	"testing"
	"time"

	"gotest.tools/gotestsum/testjson"

	"github.com/gotestcohort/cohort/report"
	"github.com/gotestcohort/cohort/report/record"
)

// TestOutcomeRecorded gives every field of an outcome a value: a replay hears them all.
func TestOutcomeRecorded(t *testing.T) {
	t.Parallel()
	var want report.Outcome
	fill(t, reflect.ValueOf(&want).Elem())
	recording := &recordingSource{rec: new(recording)}
	recording.hear(want)
	played := &recordedSource{verdict: recording.rec.verdict}
	if got := played.hear(report.Outcome{}); !reflect.DeepEqual(got, want) {
		t.Errorf("a replay hears\n%+v\nwant\n%+v", got, want)
	}
}

// TestPlayedMachines: a replay knows on which machine a test failed first, whatever came of that.
func TestPlayedMachines(t *testing.T) {
	t.Parallel()
	unit := func(machine string, tests ...string) record.Outcome {
		return record.Outcome{Package: "p", Tests: tests, Machine: machine}
	}
	src := newRecordedSource(recordOf(t, record.Verdict{
		Failed: []record.Outcome{unit("m1", "A", "B"), unit("", "C")}, Flaky: []record.Outcome{unit("m2", "D")},
		Excused: []record.Excused{{Outcome: unit("m3", "E")}},
	}, func(*record.Writer) {}), io.Discard, nil)
	for test, want := range map[string]string{"A": "m1", "B": "m1", "C": "", "D": "m2", "E": "m3", "F": ""} {
		if got := src.machineOf("p", test); got != want {
			t.Errorf("%s failed on %q, want %q", test, got, want)
		}
	}
	if got := src.machineOf("q", "A"); got != "" {
		t.Errorf("the test of another package failed on %q", got)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

// fill gives v, and all that it consists of, a value that is not zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case report.Answer:
		v.Set(reflect.ValueOf(report.Yes))
		return
	case time.Duration:
		v.SetInt(int64(time.Second))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1, 0)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Int:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	default:
		t.Fatalf("a %v in an outcome", v.Type())
	}
}

// TestRecordedSetupTitle: a record's reports name set-ups as the run's own output does.
func TestRecordedSetupTitle(t *testing.T) {
	t.Parallel()
	for _, s := range []report.Setup{{Name: "db", Worker: -1}, {Name: "db", Worker: 2}, {Name: "db", Worker: 0, TearDown: true}, {Name: "db", Worker: 1, For: "e2e TestPay, rerun 1"}, {Name: "db", Worker: -1, TearDown: true}} {
		if got, want := record.Setup(s).Title(), s.Title(); got != want {
			t.Errorf("%+v: %q in the record, %q in the run", s, got, want)
		}
	}
}

// TestRecordedExcuse: a record's reports say of a quarantine what the run's own JUnit file says.
func TestRecordedExcuse(t *testing.T) {
	t.Parallel()
	k := report.Known{Package: "p", Test: "TestA", Owner: "@pay", Issue: "#1", Until: "2999-01-31"}
	for _, since := range []time.Time{{}, time.Now()} {
		k.Since = since
		o := report.Outcome{Excused: []report.Excused{{Unit: report.Unit{Package: "p", Name: "TestA"}, Known: []report.Known{k}}}}
		if got, want := record.Known(k).String(), o.ExcusedAs(testjson.TestCase{Package: "p", Test: "TestA"}); got != want || got == "" {
			t.Errorf("%q in the record, %q in the run", got, want)
		}
	}
}

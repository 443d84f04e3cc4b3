package html

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gotestcohort/cohort/report/record"
)

func write(t testing.TB, runs ...*record.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, runs); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// between returns what is between the first two marks.
func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, from)
	text, _, end := strings.Cut(rest, to)
	if !ok || !end {
		t.Fatalf("no %q ... %q in\n%.3000s", from, to, s)
	}
	return text
}

// TestStructure looks for what a person and a screen reader need.
func TestStructure(t *testing.T) {
	t.Parallel()
	page := write(t, shop())
	for _, want := range []string{
		`<html lang="en">`, `<title>Failed: example.com/shop</title>`, `<main id="main"`, `<nav class="sections" aria-label="Sections">`,
		`<section aria-labelledby="failures-title" id="failures">`, `<section aria-labelledby="flaky-title" id="flaky">`,
		`role="search"`, `<noscript>`, `name="viewport"`,
		`stock_test.go:41: took 9 of 5 cups, want an error`,
		`go test -count=1 -run &#39;^TestTakeTooMuch$&#39; example.com/shop/stock`,
		`go test -run &#39;^(TestTake|TestTakeTooMuch)$&#39; -shuffle=1849 ./stock`,
		`<span class="f1">9</span>`, `payment was slow`, `group <bdi>checkout</bdi>`, `owner <bdi>@pay</bdi>`, `2 tests ran before it in the process`,
		`Rerun 1: <span class="word passed">`, `worker 0 · process 3`, `81.5% of statements`, `go: downloading example.com/money`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if i, j := strings.Index(page, `id="failures"`), strings.Index(page, `id="tests"`); i < 0 || i > j {
		t.Error("failures do not come first")
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("id %q is given twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`aria-labelledby="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] && m[1] != "detail-title" { // the script makes that one
			t.Errorf("label %q does not exist", m[1])
		}
	}
}

// TestSelfContained checks that the page asks for nothing, and that its policy allows nothing but itself.
func TestSelfContained(t *testing.T) {
	t.Parallel()
	page := write(t, shop())
	policyText := between(t, page, `Content-Security-Policy" content="`, `">`)
	if !strings.HasPrefix(policyText, "default-src &#39;none&#39;; ") || strings.Contains(policyText, "unsafe") || strings.Contains(policyText, "http") {
		t.Errorf("policy %q", policyText)
	}
	for name, mark := range map[string][2]string{"style": {"<style>", "</style>"}, "script": {"<script>", "</script>"}} {
		want := strings.ReplaceAll(hash(between(t, page, mark[0], mark[1])), "+", "&#43;")
		if !strings.Contains(policyText, want) {
			t.Errorf("%s is not the one that the policy allows: want %s in %s", name, want, policyText)
		}
	}
	if found := regexp.MustCompile(`(?i)<(link|iframe|object|embed|base|form action|img|audio|video)[ >]|\ssrc=|@import|url\(`).FindString(strings.ReplaceAll(page, "&#43;", "")); found != "" {
		t.Errorf("the page asks for something: %q", found)
	}
	for _, source := range []string{script, style} {
		if strings.Contains(source, "innerHTML") || strings.Contains(source, "eval(") || strings.Contains(source, "http://") && !strings.Contains(source, "http://www.w3.org/2000/svg") {
			t.Error("the page's own source does what it must not")
		}
	}
}

// TestHostile checks that hostile text is in the page only as text.
func TestHostile(t *testing.T) {
	t.Parallel()
	page := write(t, wicked())
	body := strings.Replace(page, script, "", 1)
	if n := strings.Count(body, "<script"); n != 2 {
		t.Errorf("%d script elements, want the data and the script", n)
	}
	text := between(t, page, `<script id="data" type="application/json">`, `</script>`)
	body = strings.Replace(body, text, "", 1)
	for _, bad := range []string{"<img", "<b ", "<style>*", "<!-- -->", ` onmouseover="`, ` onerror='`, "\x1b", "\u202e", "href=\"javascript"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %q: %s", bad, around(body, bad))
		}
	}
	var d data
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("data: %v\n%.500s", err, text)
	}
	if len(d.Tests) != len(hostile()) || d.Tests[0].Name != hostile()[0] || d.Packages[7] != "<U+202E>gnp.exe<U+202C>" {
		t.Errorf("data: %+v", d.Tests)
	}
}

func around(s, part string) string {
	i := strings.Index(s, part)
	return s[max(0, i-60):min(len(s), i+60)]
}

func TestHistory(t *testing.T) {
	t.Parallel()
	before, after := shop(), shop()
	before.Manifest.Start, before.Manifest.End = at(-100), at(-90)
	before.Tests = before.Tests[12:]
	before.Tests[0].Attempts[0].Status = record.Failed
	d := newData([]*record.Run{before, after})
	got := map[string]string{}
	for _, one := range d.Tests {
		got[one.Name] = one.History
	}
	for name, want := range map[string]string{"TestLine00": "-p", "TestCart": "yp", "TestPay": "yy", "TestTakeTooMuch": "ff", "TestSearchByVoice": "ss", "TestRefill": "nn"} {
		if got[name] != want {
			t.Errorf("%s: history %q, want %q", name, got[name], want)
		}
	}
	// In any order, the newest is shown.
	if a, b := write(t, before, after), write(t, after, before); a != b || !strings.Contains(a, `"start":"2026-11-25 12:00:00"`) {
		t.Error("the order of the records changes the page")
	}
}

// TestBudget checks that much output does not make the page large without end.
func TestBudget(t *testing.T) {
	t.Parallel()
	run := &record.Run{}
	for range 1000 {
		run.Tests = append(run.Tests, &record.Test{Package: "p", Name: "TestA", Attempts: []record.TestAttempt{
			{Status: record.Failed, Output: "first\n" + strings.Repeat("x", 100<<10) + "\nlast"}}})
	}
	page := write(t, run)
	if !strings.Contains(page, `Failures <span class="n">1000</span>`) || !strings.Contains(page, ">500 more failures") || strings.Count(page, "<article") != maxCards {
		t.Error("the page does not tell of all failures")
	}
	if n := len(page); n > pageOutput+4<<20 || n < pageOutput {
		t.Errorf("%d MB", n>>20)
	}
	if !strings.Contains(page, "last</pre>") || !strings.Contains(page, "bytes are left out here") {
		t.Error("the ends of outputs are not shown, or it is not said that something is missing")
	}
}

func TestSubtestTells(t *testing.T) {
	t.Parallel()
	one := func(name, out string) *record.Test {
		return &record.Test{Package: "p", Name: name, Attempts: []record.TestAttempt{{Status: record.Failed, Output: out}}}
	}
	b := &builder{run: &record.Run{Tests: []*record.Test{one("TestA/x", "no\n"), one("TestA", "=== RUN   TestA\n"), one("TestB/x", "no\n"), one("TestB", "also\n"), one("TestC", "")}}, budget: 1000}
	var p page
	b.cards(&p)
	var names []string
	for _, c := range p.Failures {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "TestA/x TestB/x TestB TestC" {
		t.Errorf("cards of %s", got)
	}
}

func TestLongWay(t *testing.T) {
	t.Parallel()
	d := newData([]*record.Run{shop()})
	var names []string
	for _, p := range d.Processes {
		if p.Long {
			names = append(names, cmp.Or(p.Title, fmt.Sprint(p.Number)))
		}
	}
	if want := []string{"0", "3", "set-up services", "tear-down of set-up database of worker 1"}; !slices.Equal(names, want) {
		t.Errorf("the end waited for %q, want %q: a set-up of the run, the group, its rerun, a tear-down", names, want)
	}
}

// TestQuarantined: a failure that is excused is none, and has a result of its own.
func TestQuarantined(t *testing.T) {
	t.Parallel()
	run := shop()
	run.Manifest.Verdict.Exit = 0
	for _, one := range run.Tests {
		if one.Name == "TestTakeTooMuch" {
			one.Excused = &record.Known{Package: one.Package, Test: one.Name, Owner: "@pay", Until: "2999-01-31"}
		}
	}
	page := write(t, run)
	for _, want := range []string{
		`<section aria-labelledby="quarantined-title" id="quarantined">`, `quarantined until 2999-01-31, @pay`,
		`<li class="fail zero"><a href="#status=fail" data-status="fail"><b>0</b> failed</a></li>`,
		`<li class="quarantined"><a href="#status=quarantined" data-status="quarantined"><b>1</b> quarantined</a></li>`,
		`<option value="quarantined">`, `"n":"TestTakeTooMuch","s":"quarantined"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, `id="failures"`) {
		t.Error("the excused test is among the failures")
	}
	if page := write(t, shop()); strings.Contains(page, `id="quarantined"`) {
		t.Error("there is a section of tests in quarantine without one")
	}
}

// TestSetups: set-ups and tear-downs are in the timeline, also where nothing else is.
func TestSetups(t *testing.T) {
	t.Parallel()
	run := shop()
	run.Processes = nil
	page := write(t, run)
	if !strings.Contains(page, `id="timeline"`) {
		t.Error("there is no timeline of set-ups alone")
	}
	run.Manifest.Verdict.Setups[0].Start = time.Time{} // of a record that does not know it
	var got []string
	for _, p := range newData([]*record.Run{run}).Processes {
		got = append(got, fmt.Sprintf("%d %s %s %.1f %.1f %s %t", p.Worker, p.Kind, p.Title, p.From, p.To, p.End, p.Bad))
	}
	want := []string{
		"1 setup set-up database of worker 1 0.9 1.1 passed false",
		"1 teardown tear-down of set-up database of worker 1 11.8 11.9 failed: exit status 1 true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gotestcohort/cohort/scheduler/gotest/affected"
)

func writeRowsJSON(w io.Writer, rows []listRow) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		if err := enc.Encode(row); err != nil {
			return fmt.Errorf("write the list: %w", err)
		}
	}
	return nil
}

// write prints the list for people.
func (l *lister) write(out io.Writer) error {
	var text strings.Builder // which never fails, nor does what writes into it
	w := tabwriter.NewWriter(&text, 0, 8, 2, ' ', 0)
	if l.affected != nil {
		writeAffected(w, l.opts.changedSince, l.affected)
	}
	locks := func(string) string { return "" }
	if slices.ContainsFunc(l.rows, func(row listRow) bool { return len(row.Locks) > 0 }) {
		locks = func(text string) string { return text + "\t" }
	}
	if len(l.rows) > 0 {
		fmt.Fprintf(w, "PACKAGE\tTEST\tGROUP\tLABELS\t%sESTIMATE\n", locks("LOCKS"))
	}
	var total listTotal
	for _, row := range l.rows {
		total.add(row)
		group := dash(row.Group)
		if row.Added {
			group += " (added)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s%s\n", row.Package, row.Test, group, dash(strings.Join(row.Labels, ",")),
			locks(dash(strings.Join(row.Locks, ","))), row.estimate())
	}
	fmt.Fprintln(w, total.String())
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	return nil
}

// estimate returns what the test will probably take as people read it.
func (r listRow) estimate() string {
	if r.Estimate == nil {
		return "-"
	}
	return seconds(*r.Estimate).String()
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond)
}

// listTotal counts rows.
type listTotal struct {
	tests, unknown int
	packages       map[string]bool
	time           time.Duration
}

func (t *listTotal) add(row listRow) {
	if t.packages == nil {
		t.packages = make(map[string]bool)
	}
	t.packages[row.Package] = true
	t.tests++
	if row.Estimate == nil {
		t.unknown++
		return
	}
	t.time += seconds(*row.Estimate)
}

// String returns the last line of the list.
func (t *listTotal) String() string {
	line := fmt.Sprintf("%s in %s", counted(t.tests, "test"), counted(len(t.packages), "package"))
	if t.unknown < t.tests {
		line += fmt.Sprintf(", %v by the history", t.time)
	}
	if t.unknown > 0 {
		line += fmt.Sprintf(", %d of unknown duration", t.unknown)
	}
	return line
}

// counted returns a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// writeAffected prints which packages changes can reach, and why.
func writeAffected(w io.Writer, ref string, r *affected.Result) {
	fmt.Fprintln(w, r.Summary(ref))
	if r.Everything != "" {
		fmt.Fprintln(w)
		return
	}
	for _, a := range r.Packages {
		fmt.Fprintf(w, "  %s\t%s\n", a.ImportPath, a.Reason)
	}
	if len(r.Unowned) > 0 {
		fmt.Fprintf(w, "  below no package: %s\n", strings.Join(firstFew(r.Unowned), ", "))
	}
	fmt.Fprintln(w)
}

// firstFew returns the first names of a list and how many more there are.
func firstFew(names []string) []string {
	const most = 5
	if len(names) <= most+1 {
		return names
	}
	return append(append([]string{}, names[:most]...), fmt.Sprintf("and %d more", len(names)-most))
}

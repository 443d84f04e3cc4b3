package record

import "time"

// String says what the quarantine is, as the run's output does.
func (k Known) String() string {
	text := "quarantined until " + k.Until
	for _, s := range []string{k.Owner, k.Issue} {
		if s != "" {
			text += ", " + s
		}
	}
	if !k.Since.IsZero() {
		text += ", failing since " + k.Since.UTC().Format(time.DateOnly)
	}
	return text
}

// excuse marks the tests whose failure the verdict excuses. Of a package in which nothing else failed
// it is no failure either.
func (r *Run) excuse() {
	known := map[testKey]*Known{}
	for _, u := range r.Manifest.Verdict.Excused {
		for i, k := range u.Known {
			known[testKey{u.Package, k.Test}] = &u.Known[i]
		}
	}
	if len(known) == 0 {
		return
	}
	excused, failed := map[string]bool{}, map[string]bool{} // packages
	for _, t := range r.Tests {
		t.Excused = known[testKey{t.Package, t.Root()}]
		switch t.Status() {
		case Quarantined:
			excused[t.Package] = true
		case Failed:
			failed[t.Package] = true
		}
	}
	for _, u := range r.Manifest.Verdict.Failed {
		failed[u.Package] = true
	}
	for _, p := range r.Packages {
		if p.Status == Failed && excused[p.Path] && !failed[p.Path] {
			p.Status = Quarantined
		}
	}
}

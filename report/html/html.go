// Package html writes recorded runs as one self-contained HTML file: no network, no framework, a content
// security policy that lets nothing run but the script in it. What matters most, the failures, is plain
// markup and can be read without scripts; the list of all tests, filters and timeline are made by the
// script from data in the file.
package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"slices"

	"github.com/gotestcohort/cohort/report/record"
)

//go:embed report.html
var markup string

//go:embed report.css
var style string

//go:embed report.js
var script string

// Write writes a report of runs, of which the one that began last is shown and the others are the
// history of its tests.
func Write(out io.Writer, runs []*record.Run) error {
	if len(runs) == 0 {
		return errors.New("html report: no run")
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b *record.Run) int { return a.Manifest.Start.Compare(b.Manifest.Start) })
	t, err := template.New("report").Parse(markup)
	if err != nil {
		return err
	}
	p := newPage(runs)
	p.Style, p.Script, p.Policy = template.CSS(style), template.JS(script), policy()
	return t.Execute(out, &p)
}

// policy allows the style and the script of the page, and nothing else.
func policy() string {
	return "default-src 'none'; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'; base-uri 'none'; form-action 'none'"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

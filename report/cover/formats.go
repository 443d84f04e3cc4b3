package cover

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Sources says where the files of a profile are.
type Sources struct {
	// Root is the folder that paths are relative to.
	Root string
	// Path returns the path of a file of the profile, below Root, with slashes.
	Path func(file string) string
}

// The elements of a Cobertura file (its DTD is coverage-04).
type (
	coberturaCoverage struct {
		XMLName         xml.Name           `xml:"coverage"`
		LineRate        string             `xml:"line-rate,attr"`
		BranchRate      int                `xml:"branch-rate,attr"`
		LinesCovered    int                `xml:"lines-covered,attr"`
		LinesValid      int                `xml:"lines-valid,attr"`
		BranchesCovered int                `xml:"branches-covered,attr"`
		BranchesValid   int                `xml:"branches-valid,attr"`
		Complexity      int                `xml:"complexity,attr"`
		Version         string             `xml:"version,attr"`
		Timestamp       int64              `xml:"timestamp,attr"`
		Sources         []string           `xml:"sources>source"`
		Packages        []coberturaPackage `xml:"packages>package"`
	}
	coberturaPackage struct {
		Name       string           `xml:"name,attr"`
		LineRate   string           `xml:"line-rate,attr"`
		BranchRate int              `xml:"branch-rate,attr"`
		Complexity int              `xml:"complexity,attr"`
		Classes    []coberturaClass `xml:"classes>class"`
	}
	coberturaClass struct {
		Name       string          `xml:"name,attr"`
		Filename   string          `xml:"filename,attr"`
		LineRate   string          `xml:"line-rate,attr"`
		BranchRate int             `xml:"branch-rate,attr"`
		Complexity int             `xml:"complexity,attr"`
		Methods    struct{}        `xml:"methods"`
		Lines      []coberturaLine `xml:"lines>line"`
	}
	coberturaLine struct {
		Number int `xml:"number,attr"`
		Hits   int `xml:"hits,attr"`
	}
)

func rate(s Share) string {
	if s.Of == 0 {
		return "1"
	}
	return strconv.FormatFloat(float64(s.Covered)/float64(s.Of), 'f', 4, 64)
}

// WriteCobertura writes the profile in Cobertura's format: a class for each file. at is when it was
// measured.
func (p *Profile) WriteCobertura(w io.Writer, src Sources, at time.Time) error {
	doc := coberturaCoverage{Timestamp: at.UnixMilli(), Version: "cohort", Sources: []string{src.Root}}
	index := make(map[string]int)
	shares := make(map[string]Share)
	var total Share
	for _, f := range p.Files {
		i, ok := index[f.Package()]
		if !ok {
			i = len(doc.Packages)
			index[f.Package()] = i
			doc.Packages = append(doc.Packages, coberturaPackage{Name: f.Package()})
		}
		lines := f.Lines()
		share := lineShare(lines)
		class := coberturaClass{Name: src.Path(f.Name), Filename: src.Path(f.Name), LineRate: rate(share)}
		for _, l := range lines {
			class.Lines = append(class.Lines, coberturaLine{l.Line, l.Hits})
		}
		doc.Packages[i].Classes = append(doc.Packages[i].Classes, class)
		of := shares[f.Package()]
		shares[f.Package()] = Share{of.Covered + share.Covered, of.Of + share.Of}
		total = Share{total.Covered + share.Covered, total.Of + share.Of}
	}
	for i := range doc.Packages {
		doc.Packages[i].LineRate = rate(shares[doc.Packages[i].Name])
	}
	doc.LineRate, doc.LinesCovered, doc.LinesValid = rate(total), total.Covered, total.Of
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s<!DOCTYPE coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\">\n%s\n", xml.Header, text)
	return err
}

// WriteLCOV writes the profile in the format of LCOV's tracefiles: a section for each file.
func (p *Profile) WriteLCOV(w io.Writer, src Sources) error {
	out := bufio.NewWriter(w) // keeps its first error for Flush
	for _, f := range p.Files {
		fmt.Fprintf(out, "TN:\nSF:%s\n", src.Path(f.Name))
		lines := f.Lines()
		for _, l := range lines {
			fmt.Fprintf(out, "DA:%d,%d\n", l.Line, l.Hits)
		}
		share := lineShare(lines)
		fmt.Fprintf(out, "LF:%d\nLH:%d\nend_of_record\n", share.Of, share.Covered)
	}
	return out.Flush()
}

package report

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"gotest.tools/gotestsum/testjson"
)

// JUnit says how a JUnit file is written.
type JUnit struct {
	ProjectName       string
	SuiteName         func(pkg string) string // nil: the package path in full
	Classname         func(pkg string) string // nil: the package path in full
	HideEmptyPackages bool
	HideSkippedTests  bool
	Reruns            RerunMode
	GoVersion         string // value of each suite's go.version property
	Lines             *Lines // nil: no line was too long
	// Details adds what gotestsum's file does not have; nil: the file is gotestsum's.
	Details *JUnitDetails
	// Redact is applied to names and texts of tests; nil: nothing is replaced.
	Redact func(string) string
	// Setups are what came of set-ups, in a suite of their own; none: there is no such suite.
	Setups []Setup
	// Excused says of a test that counts as skipped because its failure is excused what it is, in
	// words that go before its output; "" for any other. Nil: there is none.
	Excused func(tc testjson.TestCase) string
	// Attached returns the paths of files that a test has left, in one attempt; GitLab and Jenkins show
	// them. Nil: there are none.
	Attached func(tc testjson.TestCase) []string
}

type xmlSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr,omitempty"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Time     string   `xml:"time,attr"`
	Suites   []xmlSuite
}

type xmlSuite struct {
	XMLName    xml.Name      `xml:"testsuite"`
	Tests      int           `xml:"tests,attr"`
	Failures   int           `xml:"failures,attr"`
	Errors     int           `xml:"errors,attr,omitempty"`
	Skipped    int           `xml:"skipped,attr,omitempty"`
	Flakes     int           `xml:"flakes,attr,omitempty"`
	Time       string        `xml:"time,attr"`
	Name       string        `xml:"name,attr"`
	Properties []xmlProperty `xml:"properties>property,omitempty"`
	Cases      []xmlCase
	Timestamp  string `xml:"timestamp,attr"`

	// mainUncounted reports a case for the package itself that is no failure of the suite,
	// but one of the file: so it is in gotestsum's.
	mainUncounted bool
}

type xmlCase struct {
	XMLName    xml.Name       `xml:"testcase"`
	Classname  string         `xml:"classname,attr"`
	Name       string         `xml:"name,attr"`
	Time       string         `xml:"time,attr"`
	File       string         `xml:"file,attr,omitempty"`
	Line       int            `xml:"line,attr,omitempty"`
	Properties *xmlProperties `xml:"properties,omitempty"`
	Skipped    *xmlSkipped    `xml:"skipped,omitempty"`
	Failure    *xmlFailure    `xml:"failure,omitempty"`
	Error      *xmlFailure    `xml:"error,omitempty"`
	Reruns     []xmlRerun
	SystemOut  string `xml:"system-out,omitempty"`

	testMain bool // stands for the package itself, and is no test
}

type xmlSkipped struct {
	Message string `xml:"message,attr"`
}

type xmlProperties struct {
	Properties []xmlProperty `xml:"property,omitempty"`
}

type xmlProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type xmlFailure struct {
	Message  string `xml:"message,attr"`
	Type     string `xml:"type,attr"`
	Contents string `xml:",chardata"`
}

// WriteFile writes the results of exec to the file of that name. exec is not changed:
// gotestsum's writer takes skipped tests out of the counts that its post-run command
// then gets.
func (j JUnit) WriteFile(name string, exec *testjson.Execution) error {
	f, err := create(name)
	if err != nil {
		return fmt.Errorf("failed to open JUnit file: %w", err)
	}
	return errors.Join(j.Write(f, exec), f.Close())
}

// Write writes the results of exec to out, as an XML document.
func (j JUnit) Write(out io.Writer, exec *testjson.Execution) error {
	buf := bufio.NewWriterSize(out, 64<<10)
	if _, err := buf.WriteString(xml.Header); err != nil {
		return fmt.Errorf("failed to write JUnit XML: %w", err)
	}
	enc := xml.NewEncoder(buf)
	enc.Indent("", "\t")
	if err := enc.Encode(j.suites(exec)); err != nil {
		return fmt.Errorf("failed to write JUnit XML: %w", err)
	}
	return buf.Flush()
}

func (j JUnit) suites(exec *testjson.Execution) xmlSuites {
	all := xmlSuites{Name: j.ProjectName, Errors: len(exec.Errors()), Time: seconds(exec.Elapsed())}
	if len(j.Setups) > 0 {
		all.add(j.setupSuite())
	}
	for _, name := range exec.Packages() {
		pkg := exec.Package(name)
		if j.HideEmptyPackages && pkg.IsEmpty() {
			continue
		}
		all.add(j.suite(name, pkg))
	}
	return all
}

// add adds a suite, and its totals to those of the file.
func (s *xmlSuites) add(suite xmlSuite) {
	s.Suites = append(s.Suites, suite)
	s.Tests += suite.Tests
	s.Failures += suite.Failures
	s.Errors += suite.Errors
	if suite.mainUncounted {
		s.Failures++
	}
}

// count sets the totals of the suite from its cases.
func (s *xmlSuite) count(mode RerunMode) {
	for i := range s.Cases {
		c := &s.Cases[i]
		switch {
		case c.testMain && mode == RerunAll:
			s.mainUncounted = true
			continue
		case c.testMain:
			s.Failures++
			continue
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		case len(c.Reruns) > 0:
			s.Flakes++
		}
		s.Tests++
	}
}

func (j JUnit) suite(name string, pkg *testjson.Package) xmlSuite {
	suite := xmlSuite{
		Name:       format(j.SuiteName, name),
		Time:       seconds(pkg.Elapsed()),
		Properties: []xmlProperty{{Name: "go.version", Value: j.GoVersion}},
		Timestamp:  pkg.Start.Format(time.RFC3339),
	}
	if j.Reruns == RerunAll {
		suite.Cases = j.cases(pkg)
		// gotestsum counts tests that began, did not end, and have no case: those whose
		// root passed.
		suite.Tests = pkg.Total - len(pkg.Passed) - len(pkg.Failed) - len(pkg.Skipped)
	} else {
		suite.Cases = j.mergedCases(pkg)
	}
	suite.count(j.Reruns)
	return suite
}

// cases lists a testcase for each attempt: failed, then skipped, then passed ones.
func (j JUnit) cases(pkg *testjson.Package) []xmlCase {
	var cases []xmlCase
	if pkg.TestMainFailed() {
		cases = append(cases, j.testMainCase(pkg))
	}
	for _, tc := range pkg.Failed {
		c := j.newCase(tc)
		c.Failure = &xmlFailure{Message: "Failed", Contents: j.output(pkg, tc)}
		c.SystemOut = j.attachments(tc)
		cases = append(cases, j.detailed(c, pkg, tc))
	}
	if !j.HideSkippedTests {
		for _, tc := range pkg.Skipped {
			c := j.newCase(tc)
			c.Skipped = j.skipped(pkg, tc)
			c.SystemOut = j.attachments(tc) // of a failure that is excused
			cases = append(cases, j.detailed(c, pkg, tc))
		}
	}
	for _, tc := range pkg.Passed {
		cases = append(cases, j.detailed(j.newCase(tc), pkg, tc))
	}
	return cases
}

// skipped is why a test counts as skipped.
func (j JUnit) skipped(pkg *testjson.Package, tc testjson.TestCase) *xmlSkipped {
	text := j.output(pkg, tc)
	if j.Excused != nil {
		if why := j.Excused(tc); why != "" {
			text = j.restore(why) + ": " + text
		}
	}
	return &xmlSkipped{Message: text}
}

// testMainCase stands for a package that failed without a failed test.
func (j JUnit) testMainCase(pkg *testjson.Package) xmlCase {
	var out strings.Builder
	_ = pkg.WriteOutputTo(&out, 0) // a strings.Builder does not fail
	c := j.newCase(testjson.TestCase{Test: "TestMain"})
	c.testMain = true
	c.Failure = &xmlFailure{Message: "Failed", Contents: j.restore(out.String())}
	if j.Details != nil {
		c.Failure.Message = j.restore(message(packageOutput(pkg)))
	}
	return c
}

// detailed adds the details of tc to its case, if they are wanted.
func (j JUnit) detailed(c xmlCase, pkg *testjson.Package, tc testjson.TestCase) xmlCase {
	if j.Details == nil {
		return c
	}
	var output []string
	if c.Failure != nil || c.Error != nil {
		output = failureOutput(pkg, tc)
		for i, line := range output {
			output[i] = j.restore(line)
		}
	}
	j.Details.add(&c, pkg, tc, output)
	return c
}

func (j JUnit) newCase(tc testjson.TestCase) xmlCase {
	c := xmlCase{
		Classname: format(j.Classname, tc.Package),
		Name:      j.restore(tc.Test.Name()),
		Time:      seconds(tc.Elapsed),
	}
	if len(tc.Attributes) == 0 {
		return c
	}
	c.Properties = &xmlProperties{}
	for _, k := range slices.Sorted(maps.Keys(tc.Attributes)) {
		p := xmlProperty{Name: j.restore(k), Value: j.restore(tc.Attributes[k])}
		c.Properties.Properties = append(c.Properties.Properties, p)
	}
	return c
}

func (j JUnit) output(pkg *testjson.Package, tc testjson.TestCase) string {
	return j.restore(strings.Join(outputOf(pkg, tc), ""))
}

// restore returns s as it is to be written.
func (j JUnit) restore(s string) string {
	if j.Lines != nil {
		s = j.Lines.Restore(s)
	}
	if j.Redact != nil {
		s = j.Redact(s)
	}
	return s
}

func format(f func(string) string, s string) string {
	if f == nil {
		return s
	}
	return f(s)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%f", d.Seconds()) }

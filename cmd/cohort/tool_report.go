package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
	"github.com/gotestcohort/cohort/report/ctrf"
	"github.com/gotestcohort/cohort/report/html"
	"github.com/gotestcohort/cohort/report/record"
	"github.com/gotestcohort/cohort/report/trace"
)

const reportUsage = `Usage:
    cohort tool report RECORD... [flags]

Make reports of recorded runs. An HTML report of several records has the history
of each test; --github tells of each; all other reports are of one record.

Flags:
`

// reportFiles names the reports to make; "": not this one.
type reportFiles struct {
	html, trace, ctrf, junit string
	github                   bool // print annotations and write the step's summary
}

// reportFlags binds the flags of cohort tool report.
func reportFlags(o *reportFiles) *flagTable {
	t := newTable()
	t.text(&o.html, "", usage.Flag{Name: "html", Path: usage.OutputFile, Own: true, Help: "write an HTML report"})
	t.text(&o.junit, "", usage.Flag{Name: "junit", Path: usage.OutputFile, Own: true, Help: "write a JUnit XML file, as the run would have"})
	t.text(&o.trace, "", usage.Flag{Name: "trace", Path: usage.OutputFile, Own: true,
		Help: "write a trace, for Perfetto or chrome://tracing"})
	t.text(&o.ctrf, "", usage.Flag{Name: "ctrf", Path: usage.OutputFile, Own: true,
		Help: "write a report in the Common Test Report Format"})
	t.toggle(&o.github, false, usage.Flag{Name: "github", Own: true,
		Help: "print GitHub's annotations, and write the step's summary to GITHUB_STEP_SUMMARY"})
	return t
}

// report is cohort tool report.
func (c *command) report(args []string) error {
	var files reportFiles
	table := reportFlags(&files)
	cmd := usage.Command{Name: "cohort tool report", Flags: table.flags, Help: "cohort tool report --help"}
	flags, records := flagsFirst(table.flags, args)
	scanned := c.scan(cmd, flags)
	if scanned.Help && len(scanned.Problems) == 0 {
		_, err := io.WriteString(c.stdout, reportUsage+usage.Describe(table.flags, 80))
		return err
	}
	problems := table.apply(flagLayer(scanned.Settings, ""))
	if len(records) == 0 {
		problems = append(problems, "cohort tool report: no record is named")
	}
	if files == (reportFiles{}) {
		problems = append(problems, "cohort tool report: no report is asked for: give --html, --junit, --trace or --ctrf a file, or --github")
	}
	if err := scanned.Err(&cmd, problems...); err != nil {
		return err
	}
	return c.writeReports(records, files)
}

// writeReports makes reports of records.
func (c *command) writeReports(records []string, files reportFiles) error {
	if files == (reportFiles{}) {
		return nil
	}
	if len(records) > 1 && files != (reportFiles{html: files.html, github: files.github}) {
		return fmt.Errorf("--junit, --trace and --ctrf are of one record, and %d are named", len(records))
	}
	runs, err := loadRuns(records)
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{files.html, func(out io.Writer) error { return html.Write(out, runs) }},
		{files.trace, func(out io.Writer) error { return trace.Write(out, runs[0]) }},
		{files.ctrf, func(out io.Writer) error { return ctrf.Write(out, runs[0]) }},
	} {
		if one.name != "" {
			errs = append(errs, writeFile(one.name, one.write))
		}
	}
	if files.junit != "" {
		errs = append(errs, c.junitOf(records[0], files.junit))
	}
	if files.github {
		errs = append(errs, c.gitHubOf(records))
	}
	return errors.Join(errs...)
}

func loadRuns(records []string) ([]*record.Run, error) {
	var runs []*record.Run
	for _, name := range records {
		r, err := record.Open(name)
		if err != nil {
			return nil, err
		}
		run, err := record.Load(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// writeFile creates the file name and the folder it is in, and lets write fill it.
func writeFile(name string, write func(io.Writer) error) error {
	f, err := record.CreateFile(name)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	buf := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(buf), buf.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write report %s: %w", name, err)
	}
	return nil
}

// junitOf replays a record with nothing but a JUnit file to write.
func (c *command) junitOf(name, file string) error {
	r, err := record.Open(name)
	if err != nil {
		return err
	}
	verdict := r.Manifest.Verdict
	if err := r.Close(); err != nil {
		return err
	}
	var told bytes.Buffer
	quiet := &command{stdin: c.stdin, stdout: io.Discard, stderr: &told, env: c.env, log: &logger{out: io.Discard}}
	return notOfRun(quiet.replay([]string{"--format=none", "--junitfile=" + file, name}), verdict, func(e error) error {
		return fmt.Errorf("replay %s: %w\n%s", name, plainError(e), told.Bytes())
	})
}

// notOfRun returns what was wrong with a replay, but not what was wrong with the run that was replayed:
// that is in the report. explain makes an error of another exit code than the run's.
func notOfRun(err error, verdict record.Verdict, explain func(error) error) error {
	var wrong []error
	for _, e := range problems(err) {
		status, ok := e.(exitStatus)
		if ok && status.code == verdict.Exit || !ok && slices.Contains(verdict.Errors, e.Error()) {
			continue
		}
		if ok {
			e = explain(e)
		}
		wrong = append(wrong, e)
	}
	return errors.Join(wrong...)
}

package main

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gotestcohort/cohort/cmd/internal/usage"
)

// helpFiles are the pages of help. A line {{name}} in one stands for a part that is made
// from the tables.
//
//go:embed help/*.md
var helpFiles embed.FS

// overview is the page that is no topic.
const overview = "overview"

// helpWidth is how wide help is printed where the width of the terminal is not known:
// the pages are written for it.
const helpWidth = 80

// help prints the overview, a topic, or all of help in another form.
func (c *command) help(args []string) error {
	width := helpWidth
	if w := c.width(); w > 0 {
		width = min(w, 100)
	}
	pages, err := newHelpPages(c.env, width)
	if err != nil {
		return err
	}
	name := overview
	if len(args) > 0 {
		name = args[0]
	}
	switch {
	case name == "--json":
		return writeJSON(c.stdout, pages.json())
	case name == "--man":
		return pages.writeMan(c.stdout)
	case name == "--help" || name == "-h" || name == "help":
		name = overview
	case name == "tool" && len(args) > 1:
		return c.tool([]string{args[1], "--help"})
	case name == "tool":
		return c.tool(nil)
	case pages.files[name] != "": // also where a tool has that name: cohort tool NAME --help is its own
	case slices.ContainsFunc(tools(), func(t usage.Tool) bool { return t.Name == name }):
		return c.tool([]string{name, "--help"})
	}
	text, err := pages.page(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.stdout, text)
	return err
}

// helpPages makes the pages of help from their files and the tables.
type helpPages struct {
	table *flagTable
	width int
	files map[string]string // by topic
}

func newHelpPages(env environ, width int) (*helpPages, error) {
	table, _ := newFlags(env)
	p := &helpPages{table: table, width: width, files: map[string]string{}}
	entries, err := fs.Glob(helpFiles, "help/*.md")
	if err != nil {
		return nil, fmt.Errorf("list the pages of help: %w", err)
	}
	for _, entry := range entries {
		data, err := helpFiles.ReadFile(entry)
		if err != nil {
			return nil, fmt.Errorf("read the page %s of help: %w", entry, err)
		}
		p.files[strings.TrimSuffix(path.Base(entry), ".md")] = string(data)
	}
	return p, nil
}

// topics are the names of the pages, but for the overview.
func (p *helpPages) topics() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.files)), func(name string) bool { return name == overview })
}

// title is the heading of a page.
func (p *helpPages) title(name string) string {
	first, _, _ := strings.Cut(p.files[name], "\n")
	return strings.TrimPrefix(first, "# ")
}

// page returns a page as it is printed.
func (p *helpPages) page(name string) (string, error) {
	text, ok := p.files[name]
	if !ok {
		return "", p.unknown(name)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		part, isPart := strings.CutPrefix(line, "{{")
		part, closed := strings.CutSuffix(part, "}}\n")
		if !isPart || !closed {
			b.WriteString(strings.TrimPrefix(line, "# "))
			continue
		}
		made, err := p.part(part)
		if err != nil {
			return "", fmt.Errorf("page %s of help: %w", name, err)
		}
		b.WriteString(made)
	}
	return b.String(), nil
}

// unknown is the answer to a topic that does not exist.
func (p *helpPages) unknown(name string) error {
	e := &usage.Error{Problems: []string{"there is no page of help on " + name}, Help: "cohort help"}
	if near := usage.Nearest(name, p.topics()); near != "" {
		e.Problems[0] += ": did you mean " + near + "?"
		e.Type = []string{"cohort", "help", near}
	}
	return e
}

// part returns what {{name}} stands for.
func (p *helpPages) part(name string) (string, error) {
	kind, argument, _ := strings.Cut(name, " ")
	switch kind {
	case "tools":
		return "  " + strings.Join(usage.Wrap(strings.Join(toolNames(), " "), p.width-2), "\n  ") + "\n", nil
	case "purposes":
		return p.purposes(), nil
	case "topics":
		return p.listTopics(), nil
	case "flags":
		return p.flags(argument)
	case "formats":
		return usage.Columns(formats(), p.width), nil
	case "icons":
		return usage.Columns(icons(), p.width), nil
	case "variables":
		return usage.Columns(p.variables(), p.width), nil
	case "others":
		return usage.Columns(otherVariables(), p.width), nil
	case "exits":
		return usage.Columns(exitCodes(), p.width), nil
	}
	return "", fmt.Errorf("there is no {{%s}}", name)
}

func toolNames() []string {
	var all []string
	for _, t := range tools() {
		all = append(all, t.Name)
	}
	return all
}

// sections are the purposes of flags, in the order of the table.
func (p *helpPages) sections() []string {
	var all []string
	for _, f := range p.table.flags {
		if !slices.Contains(all, f.Section) {
			all = append(all, f.Section)
		}
	}
	return all
}

// visible are the flags of a section that people are told of.
func (p *helpPages) visible(section string) []usage.Flag {
	return slices.DeleteFunc(slices.Clone(p.table.flags), func(f usage.Flag) bool { return f.Hidden || f.Section != section })
}

// purposes lists the names of flags by purpose, less those that only change what another one does:
// all together are more than a screen holds.
func (p *helpPages) purposes() string {
	var rows [][2]string
	for _, section := range p.sections() {
		var names []string
		for _, f := range p.visible(section) {
			name := "--" + f.Name
			if f.Needs != "" {
				continue
			}
			if f.Short != "" {
				name = "-" + f.Short + " " + name
			}
			names = append(names, name)
		}
		rows = append(rows, [2]string{section, strings.Join(names, " ")})
	}
	return usage.Columns(rows, p.width)
}

// listTopics lists the topics with their titles: two in a line where there is room.
func (p *helpPages) listTopics() string {
	var rows [][2]string
	for _, name := range p.topics() {
		rows = append(rows, [2]string{name, p.title(name)})
	}
	if p.width < helpWidth {
		return usage.Columns(rows, p.width)
	}
	var b strings.Builder
	half := (len(rows) + 1) / 2
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, row := range rows[:half] {
		line := "  " + row[0] + "\t" + row[1]
		if half+i < len(rows) {
			line += "\t" + rows[half+i][0] + "\t" + rows[half+i][1]
		}
		fmt.Fprintln(w, line)
	}
	_ = w.Flush() // into memory
	return b.String()
}

// flags describes the flags of one purpose, or of all.
func (p *helpPages) flags(section string) (string, error) {
	if section != "" {
		if len(p.visible(section)) == 0 {
			return "", fmt.Errorf("no flags are for %q", section)
		}
		return usage.Describe(p.visible(section), p.width), nil
	}
	var b strings.Builder
	for i, section := range p.sections() {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(section + ":\n" + usage.Describe(p.visible(section), p.width))
	}
	return b.String(), nil
}

// variables are those that are defaults of flags.
func (p *helpPages) variables() [][2]string {
	var rows [][2]string
	for _, f := range p.table.flags {
		if f.Variable != "" {
			rows = append(rows, [2]string{f.Variable, "--" + f.Name})
		}
	}
	return rows
}

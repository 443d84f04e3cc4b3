package main

import (
	"io"
	"strings"
)

// writeMan writes a man page of the same texts that help prints.
func (p *helpPages) writeMan(out io.Writer) error {
	p.width = helpWidth - 8 // man indents what it prints
	var b strings.Builder
	b.WriteString(".TH COHORT 1\n.SH NAME\ncohort \\- run Go tests in parallel processes\n")
	text, err := p.page(overview)
	if err != nil {
		return err
	}
	manText(&b, "SYNOPSIS", text)
	for _, name := range p.topics() {
		text, err := p.page(name)
		if err != nil {
			return err
		}
		_, text, _ = strings.Cut(text, "\n") // the title
		manText(&b, strings.ToUpper(p.title(name)), strings.Trim(text, "\n")+"\n")
	}
	manText(&b, "TOOLS", toolUsage())
	_, err = io.WriteString(out, b.String())
	return err
}

// manText writes a section whose lines stay as they are.
func manText(b *strings.Builder, heading, text string) {
	b.WriteString(".SH " + heading + "\n.nf\n")
	for line := range strings.Lines(text) {
		line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			line = `\&` + line
		}
		b.WriteString(line)
	}
	b.WriteString(".fi\n")
}

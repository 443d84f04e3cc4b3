package grouping

import (
	"errors"
	"fmt"
	"go/build/constraint"
	"slices"
	"strings"
	"unicode/utf8"
)

// LabelExpr is an expression over labels in the language of //go:build: labels joined by &&, ||,
// ! and parentheses, as in e2e && !slow. It is never changed, so it may be used concurrently.
// The zero value matches nothing; a nil *LabelExpr, where a field takes one, means no expression.
type LabelExpr struct {
	text string
	expr constraint.Expr
}

// LabelError says why a text is no label expression.
type LabelError struct {
	// Text is the expression as it was given.
	Text string
	// Column is where the mistake is, in characters from 1; one past the end if something is missing.
	Column int
	// Reason says what is wrong there.
	Reason string
}

// Error returns the reason with the place and the text.
func (e *LabelError) Error() string {
	return fmt.Sprintf("label expression %q, column %d: %s", e.Text, e.Column, e.Reason)
}

// ParseLabelExpr reads an expression. The error is a [LabelError].
func ParseLabelExpr(text string) (*LabelExpr, error) {
	// The parser of go/build/constraint takes a line. What it would take for the end of the line, or
	// for white space around it, is not left to it, so that columns are those of text.
	if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == utf8.RuneError }); i >= 0 {
		return nil, labelError(text, i, "a character that no expression has")
	}
	trimmed := strings.TrimLeft(text, " \t")
	indent := len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " \t")
	if trimmed == "" {
		return nil, labelError(text, len(text), "an expression is missing, as in e2e && !slow")
	}
	if trimmed != strings.TrimSpace(trimmed) {
		return nil, labelError(text, strings.IndexFunc(text, oddSpace), "white space that is neither a space nor a tab")
	}
	expr, err := constraint.Parse("//go:build " + trimmed)
	if err == nil {
		return &LabelExpr{text: text, expr: expr}, nil
	}
	offset, reason := 0, err.Error()
	if syntax, ok := errors.AsType[*constraint.SyntaxError](err); ok {
		offset, reason = syntax.Offset, explain(trimmed, syntax)
	}
	return nil, labelError(text, indent+min(max(offset, 0), len(trimmed)), reason)
}

// oddSpace reports whether a character is white space that //go:build has none of.
func oddSpace(r rune) bool {
	return !isBlank(r) && strings.TrimSpace(string(r)) == ""
}

// labelError makes the error of a mistake at that byte of the text.
func labelError(text string, offset int, reason string) error {
	return &LabelError{Text: text, Column: utf8.RuneCountInString(text[:offset]) + 1, Reason: reason}
}

// explain says in the words of labels what the parser of constraints found.
func explain(text string, e *constraint.SyntaxError) string {
	rest := text[min(max(e.Offset, 0), len(text)):]
	switch {
	case strings.HasPrefix(rest, "&&"), strings.HasPrefix(rest, "||"):
		return "a label is missing before " + rest[:2]
	case strings.HasPrefix(rest, "&"):
		return "write && for and"
	case strings.HasPrefix(rest, "|"):
		return "write || for or"
	case strings.HasPrefix(rest, "-"), strings.HasPrefix(rest, "/"), strings.HasPrefix(rest, ":"):
		return fmt.Sprintf("a label has no %q: only %s", rest[:1], labelWords().allowed)
	case strings.HasPrefix(rest, ","):
		return "write && or || between labels, not a comma"
	case e.Err == "double negation not allowed":
		return "a second ! takes the first one back: write neither"
	case e.Err == "unexpected end of expression":
		return "a label is missing"
	case e.Err == "missing close paren":
		return "this ( has no )"
	case strings.HasPrefix(e.Err, "unexpected token ") && validName(firstWord(rest), labelMarks):
		return fmt.Sprintf("write && or || before %s", firstWord(rest))
	}
	return e.Err
}

// firstWord returns the label at the beginning of a text, or "".
func firstWord(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return !validName(string(r), labelMarks) })
	if end < 0 {
		return text
	}
	return text[:end]
}

// Match reports whether the expression is true for a test that has exactly these labels.
func (e *LabelExpr) Match(labels []string) bool {
	return e.expr != nil && e.expr.Eval(func(tag string) bool { return slices.Contains(labels, tag) })
}

// String returns the expression as it was given.
func (e *LabelExpr) String() string { return e.text }

// Labels returns the labels that the expression names, sorted, each once.
func (e *LabelExpr) Labels() []string {
	names := labelsOf(e.expr)
	slices.Sort(names)
	return slices.Compact(names)
}

// labelsOf returns the labels in a part of an expression, in order.
func labelsOf(expr constraint.Expr) []string {
	switch x := expr.(type) {
	case *constraint.TagExpr:
		return []string{x.Tag}
	case *constraint.NotExpr:
		return labelsOf(x.X)
	case *constraint.AndExpr:
		return append(labelsOf(x.X), labelsOf(x.Y)...)
	case *constraint.OrExpr:
		return append(labelsOf(x.X), labelsOf(x.Y)...)
	}
	return nil
}

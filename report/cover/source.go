package cover

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// lineSet is a set of lines.
type lineSet map[int]bool

func (s lineSet) add(first, last int) {
	for line := first; line <= last; line++ {
		s[line] = true
	}
}

// codeLines returns the lines of a Go file that say something: neither empty lines and comments,
// nor those of closing brackets, which a change of their neighbours often moves.
func codeLines(src []byte) lineSet {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0) // what is no Go has lines too
	lines := make(lineSet)
	for {
		pos, tok, text := s.Scan()
		switch tok {
		case token.EOF:
			return lines
		case token.RBRACE, token.RPAREN, token.RBRACK, token.COMMA, token.SEMICOLON:
			continue
		}
		first := file.PositionFor(pos, false).Line
		lines.add(first, first+strings.Count(text, "\n"))
	}
}

// statementLines returns the lines of a Go file in which statements can be: those of functions that
// have any. In a file that does not compile every line counts that says something.
func statementLines(src []byte) lineSet {
	code := codeLines(src)
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return code
	}
	lines := make(lineSet)
	ast.Inspect(parsed, func(n ast.Node) bool {
		body, ok := n.(*ast.BlockStmt)
		if !ok || len(body.List) == 0 {
			return true
		}
		last := fset.PositionFor(body.Rbrace, false).Line
		for line := fset.PositionFor(body.Lbrace, false).Line; line <= last; line++ {
			if code[line] {
				lines[line] = true
			}
		}
		return true
	})
	return lines
}

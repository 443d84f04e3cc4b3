package gotest

import (
	"errors"
	"fmt"
	"strings"
)

// splitQuoted splits s into words at white space; a word may stand in single
// or double quotes. It is the rule by which the go command reads -exec,
// -toolexec and GOFLAGS: quotes count only at the start of a word, and there is
// no escaping.
func splitQuoted(s string) ([]string, error) {
	const space = " \t\r\n"
	var words []string
	for {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return words, nil
		}
		if s[0] == '"' || s[0] == '\'' {
			word, rest, ok := strings.Cut(s[1:], s[:1])
			if !ok {
				return nil, fmt.Errorf("unterminated %c string", s[0])
			}
			words, s = append(words, word), rest
			continue
		}
		end := strings.IndexAny(s, space)
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
}

var errBothQuotes = errors.New("it contains both single and double quotes, which the go command cannot read")

// QuoteWords joins words to a string that the go command splits back into
// them. A word that holds both kinds of quotes is an error.
func QuoteWords(words ...string) (string, error) {
	quoted := make([]string, len(words))
	for i, word := range words {
		double, single := strings.Contains(word, `"`), strings.Contains(word, "'")
		switch {
		case double && single:
			return "", fmt.Errorf("quote %s: %w", word, errBothQuotes)
		case double:
			quoted[i] = "'" + word + "'"
		case single || word == "" || strings.ContainsAny(word, " \t\r\n"):
			quoted[i] = `"` + word + `"`
		default:
			quoted[i] = word
		}
	}
	return strings.Join(quoted, " "), nil
}

// ShellQuote joins words to a command line that a POSIX shell splits back into
// them.
func ShellQuote(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if word == "" || strings.ContainsFunc(word, needsQuotes) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

func needsQuotes(r rune) bool {
	plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_=./,:+@%", r)
	return !plain
}

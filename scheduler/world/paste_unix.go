//go:build unix

package world

import "strings"

// paste returns a line for a shell that runs a command in a folder with these variables.
func paste(dir string, vars []Variable, c Command) string {
	var line strings.Builder
	line.WriteString("(cd " + shellQuote(dir) + " && env")
	for _, v := range vars {
		line.WriteString(" " + v.Name + "=" + shellQuote(v.Value))
	}
	words := c.Words
	if c.Shell != "" {
		words = []string{"sh", "-c", c.Shell}
	}
	for _, word := range words {
		line.WriteString(" " + shellQuote(word))
	}
	return line.String() + ")"
}

// shellQuote quotes a word for a shell if it has to be.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

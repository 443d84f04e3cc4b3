package world

import (
	"strings"
	"syscall"
)

// paste returns a line for cmd that runs a command in a folder with these variables. A value of
// several lines cannot be given on one.
func paste(dir string, vars []Variable, c Command) string {
	var line strings.Builder
	line.WriteString(`cd /d "` + dir + `"`)
	for _, v := range vars {
		if !strings.ContainsAny(v.Value, "\r\n") {
			line.WriteString(` && set "` + v.String() + `"`)
		}
	}
	if c.Shell != "" {
		return line.String() + " && " + c.Shell
	}
	line.WriteString(" &&")
	for _, word := range c.Words {
		line.WriteString(" " + syscall.EscapeArg(word))
	}
	return line.String()
}

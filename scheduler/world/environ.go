package world

import (
	"fmt"
	"strings"
)

// Variable is a variable that a set-up has written.
type Variable struct{ Name, Value string }

// String is the variable as an environment holds it.
func (v Variable) String() string { return v.Name + "=" + v.Value }

// maxVariable bounds a variable in bytes, its name, the = and the final zero included: Linux lets no
// process start with a longer one (MAX_ARG_STRLEN).
const maxVariable = 128 << 10

// ParseEnv reads what a set-up has written to the file of COHORT_ENV. Each line is NAME=VALUE, and
// the value is all that follows the =, quotes included. A value of several lines is written as
//
//	NAME<<DELIMITER
//	lines
//	DELIMITER
//
// with any delimiter that is no line of the value. Empty lines between variables mean nothing. This
// is the form of GitHub's environment files. A variable that is written twice has the last value.
// Names are those that every shell can set, and not cohort's own. The error
// names the line; with it come the variables before that line.
func ParseEnv(data []byte) ([]Variable, error) {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	var vars []Variable
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := strings.TrimSuffix(lines[i], "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		equals, heredoc := strings.Index(line, "="), strings.Index(line, "<<")
		var v Variable
		switch {
		case heredoc >= 0 && (equals < 0 || heredoc < equals):
			end, err := endOf(lines, i, line[heredoc+len("<<"):])
			if err != nil {
				return vars, err
			}
			v = Variable{line[:heredoc], join(lines[i+1 : end])}
			i = end
		case equals >= 0:
			v = Variable{line[:equals], line[equals+1:]}
		default:
			return vars, fmt.Errorf("line %d: %s is neither NAME=VALUE nor NAME<<DELIMITER", at, quote(line))
		}
		if err := check(v); err != nil {
			return vars, fmt.Errorf("line %d: %w", at, err)
		}
		vars = set(vars, v)
	}
	return vars, nil
}

// endOf returns the number of the line that ends a value which begins after line i.
func endOf(lines []string, i int, delimiter string) (int, error) {
	if delimiter == "" {
		return 0, fmt.Errorf("line %d: << needs a delimiter: write NAME<<END, the lines, and END", i+1)
	}
	for end := i + 1; end < len(lines); end++ {
		if strings.TrimSuffix(lines[end], "\r") == delimiter {
			return end, nil
		}
	}
	return 0, fmt.Errorf("line %d: the line %s that ends the value is missing", i+1, quote(delimiter))
}

// join makes a value of lines.
func join(lines []string) string {
	var value strings.Builder
	for i, line := range lines {
		if i > 0 {
			value.WriteByte('\n')
		}
		value.WriteString(strings.TrimSuffix(line, "\r"))
	}
	return value.String()
}

// set gives a variable a value, at its first place.
func set(vars []Variable, v Variable) []Variable {
	for i := range vars {
		if vars[i].Name == v.Name {
			vars[i] = v
			return vars
		}
	}
	return append(vars, v)
}

// check reports what is wrong with a variable.
func check(v Variable) error {
	switch {
	case strings.HasPrefix(v.Name, "export "):
		return fmt.Errorf("%s: write NAME=VALUE without export", quote(v.Name))
	case !isName(v.Name):
		return fmt.Errorf("%s is no name of a variable: letters, digits and _ are", quote(v.Name))
	case Reserved(v.Name):
		return fmt.Errorf("%s cannot be set: names that begin with COHORT_, and GOCOVERDIR, are cohort's own", v.Name)
	case strings.IndexByte(v.Value, 0) >= 0:
		return fmt.Errorf("the value of %s holds a zero byte, which no environment can", v.Name)
	case len(v.Name)+len(v.Value)+len("=\x00") > maxVariable:
		return fmt.Errorf("the value of %s has %d bytes; a process takes %d with the name", v.Name, len(v.Value), maxVariable-len("=\x00"))
	}
	return nil
}

// isName reports whether every shell can set a variable of that name.
func isName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// Reserved reports whether no set-up may set a variable of that name. The case of letters does not
// matter: on Windows it is the same variable.
func Reserved(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "COHORT_") || name == "GOCOVERDIR"
}

// quote shows a text of any length in a message.
func quote(text string) string {
	const most = 60
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}

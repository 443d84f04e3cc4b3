package world

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseEnv(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want, err string }{
		"nothing":           {"", "", ""},
		"one":               {"A=1\n", `A="1"`, ""},
		"no final newline":  {"A=1", `A="1"`, ""},
		"empty value":       {"A=\n", `A=""`, ""},
		"quotes are kept":   {"A=\"x y\"\n", `A="\"x y\""`, ""},
		"equals in a value": {"URL=postgres://h/db?a=b\n", `URL="postgres://h/db?a=b"`, ""},
		"spaces are kept":   {"A= x \n", `A=" x "`, ""},
		"empty lines":       {"\n\nA=1\n  \nB=2\n", `A="1" B="2"`, ""},
		"windows":           {"A=1\r\nB<<E\r\nx\r\ny\r\nE\r\n", `A="1" B="x\ny"`, ""},
		"the last one":      {"A=1\nB=2\nA=3\n", `A="3" B="2"`, ""},
		"several lines":     {"A<<EOF\nx=1\n\ny\nEOF\nB=2\n", `A="x=1\n\ny" B="2"`, ""},
		"no lines":          {"A<<EOF\nEOF\n", `A=""`, ""},
		"one empty line":    {"A<<EOF\n\nEOF\n", `A=""`, ""},
		"an odd delimiter":  {"A<<==x \n1\n==x \n", `A="1"`, ""},
		"<< in a value":     {"A=1<<2\n", `A="1<<2"`, ""},
		"unicode":           {"A=größe\n", `A="größe"`, ""},
		"rubbish":           {"A=1\nhello\n", `A="1"`, `line 2: "hello" is neither NAME=VALUE nor NAME<<DELIMITER`},
		"binary rubbish":    {"\x7fELF\x01\n", ``, `line 1: "\x7fELF\x01" is neither NAME=VALUE nor NAME<<DELIMITER`},
		"export":            {"export A=1\n", ``, `line 1: "export A": write NAME=VALUE without export`},
		"no name":           {"=1\n", ``, `line 1: "" is no name of a variable: letters, digits and _ are`},
		"a digit first":     {"1A=1\n", ``, `line 1: "1A" is no name of a variable: letters, digits and _ are`},
		"a space":           {"A =1\n", ``, `line 1: "A " is no name of a variable: letters, digits and _ are`},
		"zero byte":         {"A=x\x00y\n", ``, `line 1: the value of A holds a zero byte, which no environment can`},
		"cohort's own":      {"A=1\nCOHORT_WORKER=3\n", `A="1"`, `line 2: COHORT_WORKER cannot be set: names that begin with COHORT_, and GOCOVERDIR, are cohort's own`},
		"cohort's, small":   {"Cohort_x=3\n", ``, `line 1: Cohort_x cannot be set: names that begin with COHORT_, and GOCOVERDIR, are cohort's own`},
		"without an end":    {"A<<EOF\nx\n EOF\n", ``, `line 1: the line "EOF" that ends the value is missing`},
		"no delimiter":      {"A<<\nx\n", ``, `line 1: << needs a delimiter: write NAME<<END, the lines, and END`},
		"too long":          {"A=" + strings.Repeat("x", maxVariable) + "\n", ``, `line 1: the value of A has 131072 bytes; a process takes 131070 with the name`},
		"long rubbish":      {strings.Repeat("x", 100) + "\n", ``, `line 1: "` + strings.Repeat("x", 60) + `..." is neither NAME=VALUE nor NAME<<DELIMITER`},
	} {
		vars, err := ParseEnv([]byte(tc.text))
		var got []string
		for _, v := range vars {
			got = append(got, fmt.Sprintf("%s=%q", v.Name, v.Value))
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if strings.Join(got, " ") != tc.want || text != tc.err {
			t.Errorf("%s: %s, error %q; want %s, error %q", name, strings.Join(got, " "), text, tc.want, tc.err)
		}
	}
}

// FuzzParseEnv: what is read can be given to a process, and is read again when it is written in
// the long form.
func FuzzParseEnv(f *testing.F) {
	for _, seed := range []string{"A=1\n", "A<<EOF\nx\ny\nEOF\nB=2", "A<<\n", "=\n", "COHORT_X=1", "A=\x00", "\r\n<<\r\n", "A<<E\r\n\r\nE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := ParseEnv([]byte(text))
		var again strings.Builder
		seen := make(map[string]bool)
		for i, v := range vars {
			if check(v) != nil || seen[v.Name] || strings.ContainsAny(v.String(), "\x00") {
				t.Fatalf("%q is no variable, or there twice", v)
			}
			seen[v.Name] = true
			fmt.Fprintf(&again, "%s<<END-%d\n%s\nEND-%d\n", v.Name, i, v.Value, i)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "line ") {
			t.Fatalf("error %q without a line", err)
		}
		if strings.Contains(text, "END-") || strings.Contains(text, "\r") {
			return
		}
		same, err := ParseEnv([]byte(again.String()))
		if err != nil || fmt.Sprint(same) != fmt.Sprint(vars) {
			t.Fatalf("%q read again: %q, %v", vars, same, err)
		}
	})
}

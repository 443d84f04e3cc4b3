package history

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// What Open and RunTool tell apart. A file of a newer version or of another program is not ours to replace.
var (
	errNewer   = errors.New("written by a newer version of cohort")
	errForeign = errors.New("not a history file of cohort")
)

// damage is where a file stops making sense.
type damage struct {
	line int // 0: the file as a whole
	what string
}

func (d *damage) Error() string {
	if d.line == 0 {
		return "damaged: " + d.what
	}
	return fmt.Sprintf("line %d: damaged: %s", d.line, d.what)
}

// maxNumber bounds the counters of a file, so that adding to them never overflows.
const maxNumber = 1 << 40

// decode parses a file. The error is errNewer, errForeign or a *damage. The state keeps parts of data alive.
func decode(data string) (*state, error) {
	if err := checkHeader(data); err != nil {
		return nil, err
	}
	body, err := checkEnd(data)
	if err != nil {
		return nil, err
	}
	lines := strings.Count(body, "\n") // mostly tests
	d := decoder{
		st:     &state{},
		line:   1,
		spans:  make([]outcomeSpan, 0, lines+lines/4),
		micros: make([]int64, 0, lines*maxSamples),
		sets:   make([]samples, 0, lines),
	}
	_, rest, _ := strings.Cut(body, "\n")
	for rest != "" {
		d.line++
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if d.parse(line); d.err != "" {
			return nil, &damage{line: d.line, what: d.err}
		}
	}
	if d.st.next == 0 {
		return nil, &damage{what: "the line of the module is missing"}
	}
	return d.st, nil
}

// checkHeader looks at the first line. A file whose first bytes are damaged is still known by its last line: were it
// taken for another program's, it would never be replaced.
func checkHeader(data string) error {
	number, ok := strings.CutPrefix(data, magicPrefix)
	if !ok {
		cut := strings.HasPrefix(magicPrefix, data) // cut off in the header, or empty
		zeros := strings.Trim(data, "\x00") == ""   // what some file systems leave after a power failure
		last := data[strings.LastIndexByte(strings.TrimSuffix(data, "\n"), '\n')+1:]
		if cut || zeros || strings.HasPrefix(last, endPrefix) {
			return &damage{what: "the first line is not whole"}
		}
		return errForeign
	}
	number, _, ok = strings.Cut(number, "\n")
	if !ok {
		return &damage{what: "it ends in the first line"}
	}
	v, err := strconv.Atoi(number)
	switch {
	case err != nil || v < 1:
		return &damage{line: 1, what: fmt.Sprintf("%.20q is no version", number)}
	case v > version:
		return errNewer
	}
	return nil
}

// checkEnd verifies the last line and returns what is before it.
func checkEnd(data string) (body string, err error) {
	whole, ok := strings.CutSuffix(data, "\n")
	start := strings.LastIndexByte(whole, '\n') + 1
	if !ok || !strings.HasPrefix(whole[start:], endPrefix) {
		return "", &damage{what: fmt.Sprintf("it ends early, at byte %d", len(data))}
	}
	if data[start:] != endLine([]byte(data[:start])) {
		return "", &damage{what: "the checksum is wrong"}
	}
	return data[:start], nil
}

// decoder builds a state line by line. The first problem sets err and ends the work. The slabs save
// several allocations per test; a slab that is too small is left to the tests that have it, and the next one begun.
type decoder struct {
	st     *state
	line   int
	err    string
	pkg    *pkgState
	spans  []outcomeSpan
	micros []int64
	sets   []samples
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == "" {
		d.err = fmt.Sprintf(format, args...)
	}
}

func (d *decoder) parse(line string) {
	kind, rest, _ := strings.Cut(line, "\t")
	f := fields{d: d, rest: rest}
	switch kind {
	case "m":
		d.module(&f)
	case "r":
		d.run(&f)
	case "p", "w":
		d.pkgLine(&f, kind == "w")
	case "s":
		if d.pkg == nil {
			d.fail("a process start without a package")
			return
		}
		d.pkg.startup = append(d.pkg.startup, d.samples(&f))
	case "t", "o":
		d.testLine(&f, kind == "o")
	default:
		d.fail("unknown kind of line %.20q", kind)
	}
	if f.more() {
		d.fail("more fields than expected")
	}
}

func (d *decoder) module(f *fields) {
	if d.st.next != 0 {
		d.fail("a second module")
		return
	}
	d.st.module = f.text()
	d.st.next = f.number()
	if d.st.next == 0 {
		d.fail("run number 0")
	}
}

func (d *decoder) run(f *fields) {
	r := runInfo{num: f.number(), start: f.int64()}
	if seed := f.field(); seed != "-" {
		r.shuffled = true
		r.seed = d.parseInt(seed)
	}
	r.id = f.text()
	if n := len(d.st.runs); r.num >= d.st.next || r.num < 1 || n > 0 && r.num <= d.st.runs[n-1].num {
		d.fail("run %d is out of order", r.num)
	}
	d.st.runs = append(d.st.runs, r)
}

func (d *decoder) pkgLine(f *fields, owed bool) {
	p := &pkgState{path: f.text(), runs: f.number(), last: f.number(), owed: owed}
	if n := len(d.st.pkgs); n > 0 && p.path <= d.st.pkgs[n-1].path {
		d.fail("package %.100q is out of order", p.path)
	}
	if p.last >= d.st.next {
		d.fail("package %.100q was run in the future", p.path)
	}
	d.pkg = p
	d.st.pkgs = append(d.st.pkgs, p)
}

func (d *decoder) testLine(f *fields, owed bool) {
	if d.pkg == nil {
		d.fail("a test without a package")
		return
	}
	t := testState{name: f.text(), seen: f.number(), outcomes: d.outcomes(f.field()), owed: owed}
	if n := len(d.pkg.tests); n > 0 && t.name <= d.pkg.tests[n-1].name {
		d.fail("test %.100q is out of order", t.name)
	}
	if t.seen > d.pkg.runs {
		d.fail("test %.100q was seen in the future", t.name)
	}
	start := len(d.sets)
	for f.more() && d.err == "" {
		d.sets = append(d.sets, d.samples(f))
	}
	t.durations = d.sets[start:len(d.sets):len(d.sets)]
	if len(t.durations) > maxVariants {
		d.fail("%d variants of a test", len(t.durations))
	}
	d.pkg.tests = append(d.pkg.tests, t)
}

func (d *decoder) outcomes(list string) []outcomeSpan {
	start := len(d.spans)
	total := 0
	for list != "" && d.err == "" {
		var token string
		token, list, _ = strings.Cut(list, ",")
		s := d.span(token)
		if s.first < 1 || s.first > s.last || s.last >= d.st.next || s.len() > maxOutcomes {
			d.fail("outcome %.40q is of no known run", token)
			return nil
		}
		total += s.len()
		d.spans = append(d.spans, s)
	}
	if total > maxOutcomes {
		d.fail("%d outcomes of a test", total)
	}
	return d.spans[start:len(d.spans):len(d.spans)]
}

// span parses 3-9p, 10f or 10.1p.
func (d *decoder) span(token string) outcomeSpan {
	if token == "" {
		d.fail("an empty outcome")
		return outcomeSpan{}
	}
	s := outcomeSpan{result: Result(token[len(token)-1])}
	if s.result != Pass && s.result != Fail && s.result != Skip {
		d.fail("outcome %.40q", token)
		return s
	}
	numbers, attempt, rerun := strings.Cut(token[:len(token)-1], ".")
	if rerun {
		s.attempt = d.parseNumber(attempt)
	}
	first, last, isRange := strings.Cut(numbers, "-")
	s.first = d.parseNumber(first)
	s.last = s.first
	if isRange {
		s.last = d.parseNumber(last)
	}
	return s
}

func (d *decoder) samples(f *fields) samples {
	s := samples{variant: f.text(), when: f.int64()}
	start := len(d.micros)
	list := f.field()
	for more := true; more && d.err == ""; {
		var token string
		token, list, more = strings.Cut(list, ",")
		d.micros = append(d.micros, int64(d.parseNumber(token)))
	}
	s.micros = d.micros[start:len(d.micros):len(d.micros)]
	if len(s.micros) > maxSamples {
		d.fail("%d durations", len(s.micros))
	}
	return s
}

func (d *decoder) parseInt(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		d.fail("%.40q is no number", s)
	}
	return n
}

// parseNumber parses a counter: 0 to maxNumber.
func (d *decoder) parseNumber(s string) int {
	n := d.parseInt(s)
	if n < 0 || n > maxNumber {
		d.fail("%d is out of range", n)
		return 0
	}
	return int(n)
}

// fields are the fields of one line that are still to be read.
type fields struct {
	d    *decoder
	rest string
	done bool
}

func (f *fields) more() bool { return !f.done && f.rest != "" }

func (f *fields) field() string {
	if f.done {
		f.d.fail("too few fields")
		return ""
	}
	value, rest, more := strings.Cut(f.rest, "\t")
	f.rest, f.done = rest, !more
	return value
}

func (f *fields) int64() int64 { return f.d.parseInt(f.field()) }

func (f *fields) number() int { return f.d.parseNumber(f.field()) }

// text undoes appendText.
func (f *fields) text() string {
	s := f.field()
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i == len(s) {
			f.d.fail("an escape is cut off")
			break
		}
		switch s[i] {
		case '\\':
			b.WriteByte('\\')
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		default:
			f.d.fail("unknown escape %q", s[i-1:i+1])
		}
	}
	return b.String()
}

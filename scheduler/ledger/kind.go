package ledger

// Kind says what a process is for.
type Kind uint8

// The kinds of process.
const (
	// First is a part of the first attempt of a package's tests.
	First Kind = iota
	// Baseline runs no test. It shows what each process of a package counts for coverage
	// before its first test.
	Baseline
	// Attempt is a rerun of a failed unit, or of a failed package.
	Attempt
	// Probe runs tests once more to learn why one has failed. It changes no verdict.
	Probe
)

// traits are what the kinds of process differ in.
type traits struct {
	name       string
	early      bool
	forGo      bool
	remembered bool
}

func (k Kind) traits() traits {
	return [...]traits{
		First:    {name: "first", early: true, forGo: true, remembered: true},
		Baseline: {name: "baseline", early: true},
		Attempt:  {name: "attempt", remembered: true},
		Probe:    {name: "probe"},
	}[k]
}

// String returns the kind in one word.
func (k Kind) String() string { return k.traits().name }

// Early reports whether the process belongs to the first pass: the go command waits for it,
// and it ends with its package. The others run binaries that were kept.
func (k Kind) Early() bool { return k.traits().early }

// ForGo reports whether the go command gets the output of the process.
func (k Kind) ForGo() bool { return k.traits().forGo }

// Remembered reports whether the history takes what the process shows.
func (k Kind) Remembered() bool { return k.traits().remembered }

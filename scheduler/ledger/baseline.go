package ledger

// baseline is how far the process without tests is.
type baseline uint8

const (
	notStarted baseline = iota
	asked               // by AskBaseline
	started
	over
)

// NeedsBaseline reports whether the process without tests is to start: everything else has
// ended, and more than one process has counted.
func (a *Account) NeedsBaseline() bool {
	wanted := a.baseline == asked || a.baseline == notStarted && a.spec.Baseline
	return wanted && a.state == Running && a.parts > 1 && a.idleNow()
}

// AskBaseline asks for the process without tests though Spec.Baseline does not: what a process was to
// tell of coverage, for all of the package, it did not live to tell. More than one have run, or it is not
// needed.
func (a *Account) AskBaseline() {
	if a.baseline == notStarted {
		a.baseline = asked
	}
}

// StartBaseline books that the process without tests has started.
func (a *Account) StartBaseline() {
	a.running++
	a.baseline = started
}

// BookBaseline books how the process without tests has ended. One that was only asked for is no
// reason to fail: a process of the package has died before, and that is one.
func (a *Account) BookBaseline(ok bool) {
	a.running--
	a.baseline = over
	if !ok && a.spec.Baseline {
		a.Fail("a process that was to run no test, to see what each counts before its first one, failed")
	}
}

package watch

// keyboard delivers single key presses. All methods are called by one goroutine.
type keyboard interface {
	// start begins to read keys, without Enter and without echo. It does nothing if
	// it was started, or if the terminal is another job's at the moment.
	start() error
	// stop gives the terminal back as it was found. When it returns nothing reads
	// from it. It does nothing if start did not.
	stop()
	// keys is where keys arrive. It is never closed.
	keys() <-chan byte
	// close is stop, and frees what the keyboard holds.
	close()
}

// noKeyboard is a keyboard without keys.
type noKeyboard struct{}

func (noKeyboard) start() error      { return nil }
func (noKeyboard) stop()             {}
func (noKeyboard) keys() <-chan byte { return nil }
func (noKeyboard) close()            {}

// typeAhead is how many keys are kept that nobody has taken yet.
const typeAhead = 64

// escape is the first byte of what a terminal sends for a key without a character.
const escape = 0x1b

// typed returns the keys in what one read from a terminal returned: none if it is an
// escape sequence, whose later bytes may be letters (an arrow key can send "\x1bOd").
func typed(read []byte) []byte {
	if len(read) > 1 && read[0] == escape {
		return nil
	}
	return read
}

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

// typed returns the keys in what was read from a terminal at once, less the escape
// sequences of keys without a character: an arrow key may send "\x1bOd", which is no
// d. A sequence ends with its first byte from '@' on, not counting the '[' or 'O'
// that begins it.
func typed(read []byte) []byte {
	var keys []byte
	for i := 0; i < len(read); i++ {
		if read[i] != escape {
			keys = append(keys, read[i])
			continue
		}
		i++
		if i < len(read) && (read[i] == '[' || read[i] == 'O') {
			for i++; i < len(read) && read[i] < '@'; i++ {
			}
		}
	}
	return keys
}

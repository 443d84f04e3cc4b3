package report

// filtered is what a filter of a stream has made of what it read, and not given to its reader yet.
type filtered struct {
	out []byte
	r   int // how much of out was read
	err error
}

// read is Read of the filter. fill reads once. It never waits for more while it has something to give.
func (f *filtered) read(p []byte, fill func()) (int, error) {
	for f.r == len(f.out) {
		if f.err != nil {
			return 0, f.err
		}
		fill()
	}
	n := copy(p, f.out[f.r:])
	f.r += n
	return n, nil
}

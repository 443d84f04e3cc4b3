package world

import (
	"fmt"
	"sync"
)

// How much is kept of what a command prints: its beginning and its end.
const (
	keptHead = 16 << 10
	keptTail = 48 << 10
)

// output keeps the beginning and the end of what a command prints, of any length. It may be used
// concurrently.
type output struct {
	mu   sync.Mutex
	head []byte
	tail []byte // at most twice keptTail
	lost int64  // bytes between the two
}

// Write takes everything.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(b)
	if room := keptHead - len(o.head); room > 0 {
		taken := min(room, len(b))
		o.head, b = append(o.head, b[:taken]...), b[taken:]
	}
	if over := len(b) - keptTail; over > 0 {
		o.lost += int64(len(o.tail) + over)
		o.tail, b = o.tail[:0], b[over:]
	}
	if len(o.tail)+len(b) > 2*keptTail {
		drop := len(o.tail) + len(b) - keptTail
		o.lost += int64(drop)
		o.tail = append(o.tail[:0], o.tail[drop:]...)
	}
	o.tail = append(o.tail, b...)
	return n, nil
}

// String returns what has been kept, with a line in the place of what has not.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lost == 0 {
		return string(o.head) + string(o.tail)
	}
	return fmt.Sprintf("%s\n... %d bytes are left out ...\n%s", o.head, o.lost, o.tail)
}

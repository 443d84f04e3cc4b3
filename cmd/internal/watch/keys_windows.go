package watch

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// console is a keyboard on a Windows console. It takes key events from the console's
// input buffer, to which echo and line modes do not apply: the console's modes are
// never changed, and Ctrl-C stays a signal.
type console struct {
	in     windows.Handle
	next   *windows.LazyProc // ReadConsoleInputW
	ch     chan byte
	wake   windows.Handle // an event: set, it ends the reader
	reader chan struct{}  // closed by the reader when it ends; nil: there is none
}

// newKeyboard returns the keyboard of in, or an error that says why it has none.
func newKeyboard(in *os.File) (keyboard, error) {
	if in == nil {
		return nil, errNoTerminal
	}
	c := &console{in: windows.Handle(in.Fd()), ch: make(chan byte, typeAhead)}
	var mode uint32
	if err := windows.GetConsoleMode(c.in, &mode); err != nil {
		return nil, err
	}
	c.next = windows.NewLazySystemDLL("kernel32.dll").NewProc("ReadConsoleInputW")
	if err := c.next.Find(); err != nil {
		return nil, err
	}
	const manualReset, unset = 1, 0
	wake, err := windows.CreateEvent(nil, manualReset, unset, nil)
	if err != nil {
		return nil, fmt.Errorf("create an event: %w", err)
	}
	c.wake = wake
	return c, nil
}

func (c *console) keys() <-chan byte { return c.ch }

func (c *console) start() error {
	if c.reader != nil {
		return nil
	}
	if err := windows.ResetEvent(c.wake); err != nil {
		return fmt.Errorf("reset an event: %w", err)
	}
	c.reader = make(chan struct{})
	// It ends when stop sets the wake event, which waits for it, or on an error.
	go c.read(c.reader)
	return nil
}

func (c *console) stop() {
	if c.reader == nil {
		return
	}
	if err := windows.SetEvent(c.wake); err != nil {
		return // the handle is always valid here: better a reader too many than a hang
	}
	<-c.reader
	c.reader = nil
}

func (c *console) close() {
	c.stop()
	_ = windows.CloseHandle(c.wake) // nothing is lost
}

// inputRecord is INPUT_RECORD with a KEY_EVENT_RECORD in it; the other kinds of
// event are not larger.
type inputRecord struct {
	eventType uint16
	_         uint16
	keyDown   int32
	repeat    uint16
	keyCode   uint16
	scanCode  uint16
	char      uint16 // 0 for a key without a character
	control   uint32
}

// read delivers keys until it is woken or the console is gone.
func (c *console) read(ended chan<- struct{}) {
	defer close(ended)
	const keyEvent = 1 // KEY_EVENT
	for {
		ready, err := windows.WaitForMultipleObjects([]windows.Handle{c.wake, c.in}, false, windows.INFINITE)
		if err != nil || ready == windows.WAIT_OBJECT_0 {
			return
		}
		var record inputRecord
		var n uint32
		ok, _, _ := c.next.Call(uintptr(c.in), uintptr(unsafe.Pointer(&record)), 1, uintptr(unsafe.Pointer(&n)))
		if ok == 0 {
			return
		}
		if n == 0 || record.eventType != keyEvent || record.keyDown == 0 || record.char == 0 || record.char > 0x7f {
			continue
		}
		select {
		case c.ch <- byte(record.char):
		default: // more keys than anyone means
		}
	}
}

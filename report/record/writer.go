package record

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// chunkSize is how much text is collected before it is compressed: large enough that handing it
// over costs nothing, small enough that a few of them do.
const chunkSize = 256 << 10

// A Writer writes a record while its run goes. All methods may be called concurrently. Those that
// tell of processes never wait; streams wait when the disk is slower than the tests. An error of the
// disk is kept until Close: tests do not fail because their record cannot be written.
type Writer struct {
	name   string
	redact *Redactor // nil: nothing is replaced
	// maxOutput is that of Options.
	maxOutput int

	events    events
	processes processes

	chunks chan chunk    // closed by Close; received by the pump alone
	free   chan []byte   // buffers to use again
	pump   *pump         // owned by its goroutine until done is closed
	done   chan struct{} // closed by the pump's goroutine when it ends
	ticks  ticks
	closed sync.Once
}

// chunk is a piece of a text: whole lines.
type chunk struct {
	kind  string // events or processes
	data  []byte
	flush bool // it is to be in the file at once
}

// Create creates the file name, and the directory it is in, and begins a record in it. What redact
// matches is replaced before anything is written; nil replaces nothing. The caller calls Close or
// Abandon.
func Create(name string, redact *Redactor) (*Writer, error) {
	f, err := CreateFile(name)
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	w := NewWriter(f, redact)
	w.name = name
	return w, nil
}

// CreateFile creates the file name and the directory it is in.
func CreateFile(name string) (*os.File, error) {
	// Whatever keeps the directory from being made keeps the file from it too, and then says so.
	_ = os.MkdirAll(filepath.Dir(name), 0o755)
	return os.Create(name)
}

// NewWriter begins a record in out, which the Writer closes.
func NewWriter(out io.WriteCloser, redact *Redactor) *Writer {
	return Start(out, Options{Redact: redact})
}

// Options say what goes into a record.
type Options struct {
	// Redact matches what is replaced before anything is written. Nil: nothing is.
	Redact *Redactor
	// Shard is which part of a suite the run is of, as in 2/5: the record of a run that was killed
	// says it too. "": all of it.
	Shard string
	// MaxOutput is how many bytes of output of one test in one attempt are recorded: the first half
	// of them and the last, with an event that says how much is missing. 0: all output is.
	MaxOutput int
}

// Start begins a record in out, which the Writer closes.
func Start(out io.WriteCloser, o Options) *Writer {
	w := &Writer{
		redact: o.Redact, maxOutput: o.MaxOutput,
		chunks: make(chan chunk, 2), free: make(chan []byte, 4),
		pump: newPump(out), done: make(chan struct{}),
	}
	w.events.w, w.processes.w = w, w
	w.processes.running = map[int]*Process{}
	w.processes.packages = map[string]int{}
	w.pump.begin(start{Format: formatName, Version: Version, Start: time.Now(), Shard: o.Shard})
	go func() { // ends when Close or Abandon closes chunks, which both wait for it
		defer close(w.done)
		for c := range w.chunks {
			w.pump.write(c)
			select {
			case w.free <- c.data[:0]:
			default:
			}
		}
	}()
	w.ticks.begin(w)
	return w
}

// hand gives a chunk to the pump and returns an empty buffer. The caller gives data away.
func (w *Writer) hand(kind string, data []byte) []byte {
	return w.handOn(chunk{kind: kind, data: data})
}

func (w *Writer) handOn(c chunk) []byte {
	w.chunks <- c
	select {
	case b := <-w.free:
		return b
	default:
		return make([]byte, 0, chunkSize+chunkSize/4)
	}
}

// Close completes the record with m, into which it puts the version, the packages that were told of
// and the list of entries. coverage and history are the contents of those entries; nil: none.
// Everything else must have ended. It returns the first error of the record.
func (w *Writer) Close(m Manifest, coverage, history io.Reader) error {
	err := errors.New("close record: it is closed")
	w.closed.Do(func() {
		w.ticks.end()
		w.events.finish()
		m.Packages = append(m.Packages, w.processes.finish()...)
		close(w.chunks)
		<-w.done
		w.pump.add(coverEntry, w.redact.lines(coverage))
		w.pump.add(historyEntry, w.redact.document(history))
		w.pump.manifest(m, w.redact)
		err = w.pump.close()
	})
	if err != nil {
		return fmt.Errorf("write record %s: %w", w.name, err)
	}
	return nil
}

// Abandon ends the record without completing it: readers say so. It does nothing after Close.
func (w *Writer) Abandon() error {
	var err error
	w.closed.Do(func() {
		w.ticks.end()
		w.events.finish()
		close(w.chunks)
		<-w.done
		w.pump.flush()
		err = w.pump.out.Close()
	})
	return err
}

// pump writes the archive. One goroutine uses it at a time.
type pump struct {
	out     io.WriteCloser
	zip     *zip.Writer
	err     error // the first
	entries []Entry

	kind   string // of the open entry; "": none is open
	parts  map[string]int
	entry  io.Writer // nil: none is open
	packer *packer   // of all entries, one after the other
	size   int64
}

func newPump(out io.WriteCloser) *pump {
	p := &pump{out: out, zip: zip.NewWriter(out), parts: map[string]int{}, packer: newPacker()}
	p.zip.RegisterCompressor(zip.Deflate, p.packer.begin)
	return p
}

func (p *pump) note(err error) {
	if p.err == nil {
		p.err = err
	}
}

// begin writes the first entry, with its size before its content, so that a reader finds it in a
// file without a directory.
func (p *pump) begin(s start) {
	text, err := json.Marshal(s)
	if err != nil {
		p.note(err)
		return
	}
	head := &zip.FileHeader{
		Name: startEntry, Method: zip.Store, CRC32: crc32.ChecksumIEEE(text),
		CompressedSize64: uint64(len(text)), UncompressedSize64: uint64(len(text)),
	}
	out, err := p.zip.CreateRaw(head)
	if err == nil {
		_, err = out.Write(text)
	}
	if err == nil {
		err = p.zip.Flush()
	}
	p.note(err)
	sum := sha256.Sum256(text)
	p.entries = append(p.entries, Entry{Name: startEntry, Size: int64(len(text)), Packed: hex.EncodeToString(sum[:])})
}

// write adds a chunk to the text of its kind.
func (p *pump) write(c chunk) {
	if p.err != nil {
		return
	}
	if p.kind != c.kind {
		p.end()
		p.parts[c.kind]++
		name := c.kind + ".jsonl"
		if n := p.parts[c.kind]; n > 1 {
			name = fmt.Sprintf("%s.%d.jsonl", c.kind, n)
		}
		p.open(name)
		p.kind = c.kind
	}
	p.append(c.data)
	if c.flush {
		p.flush()
	}
}

// flush writes what there is of the open entry to the file.
func (p *pump) flush() {
	if p.err == nil && p.entry != nil {
		p.note(p.packer.Flush())
		p.note(p.zip.Flush())
	}
}

func (p *pump) open(name string) {
	entry, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	p.note(err)
	p.entry, p.size = entry, 0
	p.entries = append(p.entries, Entry{Name: name})
}

func (p *pump) append(data []byte) {
	if p.err != nil {
		return
	}
	_, err := p.entry.Write(data)
	p.note(err)
	p.size += int64(len(data))
}

// end completes the open entry.
func (p *pump) end() {
	if p.entry == nil {
		return
	}
	p.note(p.packer.Close())
	last := &p.entries[len(p.entries)-1]
	last.Size, last.Packed = p.size, p.packer.hash()
	p.kind, p.entry = "", nil
}

// add writes an entry of its own; nil content: none.
func (p *pump) add(name string, content io.Reader) {
	if content == nil || p.err != nil {
		return
	}
	p.end()
	p.open(name)
	buf := make([]byte, 64<<10)
	for p.err == nil {
		n, err := content.Read(buf)
		p.append(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.note(fmt.Errorf("%s: %w", name, err))
		}
	}
	p.end()
}

func (p *pump) manifest(m Manifest, redact *Redactor) {
	p.end()
	m.Version, m.Entries = Version, nil
	text, err := json.Marshal(m)
	p.note(err)
	if redact != nil && err == nil {
		p.note(json.Unmarshal(redact.JSON(text), &m))
	}
	m.Entries = p.entries
	text, err = json.MarshalIndent(m, "", " ")
	p.note(err)
	if p.err != nil {
		return
	}
	text = append(text, '\n')
	p.open(manifestEntry)
	p.append(text)
	sum := sha256.Sum256(text)
	p.note(p.zip.SetComment(commentPrefix + hex.EncodeToString(sum[:])))
}

func (p *pump) close() error {
	if p.err == nil {
		p.note(p.zip.Close())
	}
	p.note(p.out.Close())
	return p.err
}

// quoted appends text as the value of "text", or as that of "base64" if it is no UTF-8.
func quoted(out []byte, text []byte) []byte {
	if validText(text) {
		b, _ := json.Marshal(string(text)) // a string does not fail
		return append(append(out, `"text":`...), bytes.TrimSpace(b)...)
	}
	b, _ := json.Marshal(text)
	return append(append(out, `"base64":`...), b...)
}

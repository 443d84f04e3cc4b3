package gotest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Raw coverage data, as a test binary writes it to -test.gocoverdir: for each binary a file covmeta.HASH,
// which says what can be covered, and for each process a file covcounters.HASH.PID.TIME. The formats
// are in internal/coverage/defs.go of Go's source; version 1 is that of go1.20 to go1.26.
const (
	metaPrefix     = "covmeta."
	countersPrefix = "covcounters."
	countersMagic  = "\x00cwm"
	countersFormat = 1

	fileHeader    = 32 // magic, version, hash of the meta-data, flavor, big-endian, padding
	segmentHeader = 16 // number of functions, lengths of the string table and of the arguments
	fileFooter    = 16 // magic, padding, number of segments, padding

	flavorRaw, flavorULEB = 1, 2

	metaModeAt = 48 // where the meta-data say how is counted
	modeSet    = 1
)

// MergeCoverDirs adds the raw coverage data in dirs, one directory for each process of a test binary, to
// the directory to, as if one process had run all their tests: one file of meta-data and one of
// counters for each binary that wrote some (a test may start others). base, unless it is empty, is the
// directory of a process that ran no test; where counts are kept, what it counted is taken off for all
// directories but the first, as in [Profile.Subtract]. A directory without data adds nothing: its
// process has died. The directory to must exist, as it must for go test; what else is in it stays.
func MergeCoverDirs(to string, dirs []string, base string) error {
	merged := make(map[string]*coverData)
	times := make(map[string]int)
	for _, dir := range dirs {
		data, err := readCoverDir(dir)
		if err != nil {
			return fmt.Errorf("merge coverage data: %w", err)
		}
		for _, d := range data {
			times[d.hash]++
			if m, ok := merged[d.hash]; ok {
				m.add(d)
			} else {
				merged[d.hash] = d
			}
		}
	}
	if base != "" {
		data, err := readCoverDir(base)
		if err != nil {
			return fmt.Errorf("merge coverage data: %w", err)
		}
		for _, d := range data {
			if m, ok := merged[d.hash]; ok && !m.set {
				m.subtract(d, times[d.hash]-1)
			}
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(merged)) {
		if err := merged[hash].write(to); err != nil {
			return fmt.Errorf("write coverage data: %w", err)
		}
	}
	return nil
}

// coverData is what the processes of one binary have covered.
type coverData struct {
	hash   string // in the names of files
	set    bool   // counters are 0 or 1
	meta   []byte // the file with the meta-data
	name   string // of the first file with counters
	sum    string // the hash as it is in the files
	labels []byte // the first segment's header, strings and arguments
	counts map[coveredFunc][]uint32
}

type coveredFunc struct{ pkg, fn uint32 }

// readCoverDir reads the data in a directory, by binary. A directory that is not there has none.
func readCoverDir(dir string) (map[string]*coverData, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found := make(map[string]*coverData)
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), countersPrefix)
		if !ok {
			continue
		}
		hash, _, _ := strings.Cut(rest, ".")
		d := found[hash]
		if d == nil {
			d = &coverData{hash: hash, name: e.Name(), counts: make(map[coveredFunc][]uint32)}
			if d.meta, err = os.ReadFile(filepath.Join(dir, metaPrefix+hash)); err != nil {
				return nil, err
			}
			if len(d.meta) <= metaModeAt {
				return nil, fmt.Errorf("%s: %w", filepath.Join(dir, metaPrefix+hash), io.ErrUnexpectedEOF)
			}
			d.set = d.meta[metaModeAt] == modeSet
			found[hash] = d
		}
		name := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(name)
		if err == nil {
			err = d.read(data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return found, nil
}

var errCounters = errors.New("not a file of coverage counters that is understood")

// read adds the counters in a file.
func (d *coverData) read(file []byte) error {
	if len(file) < fileHeader+segmentHeader+fileFooter || string(file[:4]) != countersMagic {
		return errCounters
	}
	version, flavor, big := binary.LittleEndian.Uint32(file[4:]), file[24], file[25] != 0
	if version != countersFormat || flavor != flavorRaw && flavor != flavorULEB || big {
		return errCounters
	}
	if sum := string(file[8:24]); d.sum == "" {
		d.sum = sum
	} else if d.sum != sum {
		return errCounters
	}
	foot := file[len(file)-fileFooter:]
	if string(foot[:4]) != countersMagic {
		return errCounters
	}
	r := counterReader{rest: file[fileHeader:], uleb: flavor == flavorULEB}
	for range binary.LittleEndian.Uint32(foot[8:]) {
		if err := d.readSegment(&r); err != nil {
			return err
		}
	}
	if len(r.rest) != 0 {
		return errCounters
	}
	return nil
}

// readSegment adds the counters of one segment. Its parts begin at multiples of four bytes, and the
// lengths in its header include what they are filled up with.
func (d *coverData) readSegment(r *counterReader) error {
	head := r.bytes(segmentHeader)
	if r.bad {
		return errCounters
	}
	functions := binary.LittleEndian.Uint64(head)
	labels := r.bytes(uint64(binary.LittleEndian.Uint32(head[8:])) + uint64(binary.LittleEndian.Uint32(head[12:])))
	if d.labels == nil {
		d.labels = slices.Concat(head, labels)
	}
	for ; functions > 0 && !r.bad; functions-- {
		n := r.number()
		f := coveredFunc{pkg: r.number(), fn: r.number()}
		if uint64(n) > uint64(len(r.rest)) {
			return errCounters // each takes a byte at least
		}
		counts := make([]uint32, n)
		for i := range counts {
			counts[i] = r.number()
		}
		d.addCounts(f, counts)
	}
	r.bytes(fileFooter)
	if r.bad {
		return errCounters
	}
	return nil
}

// counterReader reads a file from its front; after a mistake it reads nothing more.
type counterReader struct {
	rest []byte
	uleb bool
	bad  bool
}

func (r *counterReader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *counterReader) number() uint32 {
	if !r.uleb {
		b := r.bytes(4)
		if r.bad {
			return 0
		}
		return binary.LittleEndian.Uint32(b)
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > math.MaxUint32 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return uint32(v)
}

func (d *coverData) add(other *coverData) {
	for f, counts := range other.counts {
		d.addCounts(f, counts)
	}
}

// addCounts adds the counters of one function, up to the largest number they hold.
func (d *coverData) addCounts(f coveredFunc, counts []uint32) {
	have := d.counts[f]
	if len(have) < len(counts) {
		have = append(have, make([]uint32, len(counts)-len(have))...)
		d.counts[f] = have
	}
	for i, c := range counts {
		switch {
		case d.set:
			have[i] |= c
		case c > math.MaxUint32-have[i]:
			have[i] = math.MaxUint32
		default:
			have[i] += c
		}
	}
}

func (d *coverData) subtract(base *coverData, times int) {
	for f, counts := range base.counts {
		for i, have := range d.counts[f] {
			if i < len(counts) {
				d.counts[f][i] = have - uint32(min(uint64(have), uint64(counts[i])*uint64(times)))
			}
		}
	}
}

// write writes both files.
func (d *coverData) write(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, metaPrefix+d.hash), d.meta, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, d.name), d.encode(), 0o666)
}

// encode returns a file with one segment.
func (d *coverData) encode() []byte {
	var out bytes.Buffer
	out.WriteString(countersMagic)
	head := binary.LittleEndian.AppendUint32(nil, countersFormat)
	out.Write(append(head, d.sum...))
	out.Write([]byte{flavorULEB, 0, 0, 0, 0, 0, 0, 0})
	labels := bytes.Clone(d.labels)
	binary.LittleEndian.PutUint64(labels, uint64(len(d.counts)))
	out.Write(labels)
	keys := slices.SortedFunc(maps.Keys(d.counts), func(a, b coveredFunc) int {
		return cmp.Or(cmp.Compare(a.pkg, b.pkg), cmp.Compare(a.fn, b.fn))
	})
	for _, f := range keys {
		counts := d.counts[f]
		for _, v := range append([]uint32{uint32(len(counts)), f.pkg, f.fn}, counts...) {
			out.Write(binary.AppendUvarint(nil, uint64(v)))
		}
	}
	out.WriteString(countersMagic)
	out.Write([]byte{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	return out.Bytes()
}

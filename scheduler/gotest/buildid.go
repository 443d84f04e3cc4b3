package gotest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// buildIDWithin is how much of a program's beginning is looked at: its ID stands in front of its code,
// in ELF files in a note of its own (cmd/internal/buildid).
const buildIDWithin = 64 << 10

// ReadBuildID returns the ID that the go command has given a program, "" if none is found. It is a hash
// of all that the program was made of, and equal on two machines only if that is.
func ReadBuildID(name string) string {
	file, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close() // it is only read
	head := make([]byte, buildIDWithin)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return ""
	}
	return findBuildID(head[:n])
}

// findBuildID finds the ID in the beginning of a program.
func findBuildID(head []byte) string {
	if bytes.HasPrefix(head, []byte("\x7fELF")) && len(head) > 5 {
		return findNote(head)
	}
	_, rest, ok := bytes.Cut(head, []byte("\xff Go build ID: \""))
	id, _, ended := bytes.Cut(rest, []byte("\"\n \xff"))
	if !ok || !ended || bytes.ContainsAny(id, "\"\\\n") {
		return ""
	}
	return string(id)
}

// findNote finds Go's note in the beginning of an ELF file: the lengths of its name and its text, the
// number 4, the name, and the text.
func findNote(head []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	const before, tag = 12, 4
	name := []byte("Go\x00\x00")
	for at := before; at < len(head); at += 4 { // it begins at a multiple of four
		if !bytes.HasPrefix(head[at:], name) {
			continue
		}
		size, text := order.Uint32(head[at-8:]), head[at+len(name):]
		if order.Uint32(head[at-before:]) == uint32(len(name)) && order.Uint32(head[at-4:]) == tag && uint64(size) <= uint64(len(text)) {
			return string(text[:size])
		}
	}
	return ""
}

package inspect

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

const (
	// textChunk is how many bytes of a text are compared at a time.
	textChunk = 64 << 10
	// mostText is how many bytes are compared of one file: more than 4 times what
	// the largest CPython has.
	mostText = 128 << 20
)

// Text is how a process's code differs from the file that it maps.
type Text struct {
	File        string   // its path, as the process maps it
	Breakpoints []uint64 // offsets in the file of single bytes that are an int3 in memory
	Others      int      // bytes that differ otherwise
}

// ErrTextTooLong: so much is not compared.
var ErrTextTooLong = errors.New("its text is too long to be compared")

// Texts compares the code of a process's CPython, and of its libc, with their files.
func Texts(pid int, l *Located) ([]Text, error) {
	maps, err := proc.System().Maps(pid)
	if err != nil {
		return nil, err
	}
	text, err := textOf(pid, maps, l.Mapping, l.File)
	if err != nil {
		return nil, err
	}
	list := []Text{text}
	for _, m := range maps {
		if !m.File() || !m.Executable() || m.ID() == l.Mapping.ID() || !isLibc(m.Path) {
			continue
		}
		path, err := proc.System().MapFile(pid, m)
		if err != nil {
			return nil, err
		}
		file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		text, err := textOf(pid, maps, m, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		list = append(list, text)
		break
	}
	return list, nil
}

// isLibc tells whether a file is called as a libc is: libc.so.6, libc-2.31.so.
func isLibc(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, "libc.so") || strings.HasPrefix(name, "libc-")
}

// textOf compares all code that a process maps of a file.
func textOf(pid int, maps []proc.Mapping, of proc.Mapping, file io.ReaderAt) (Text, error) {
	text := Text{File: of.Path}
	size := uint64(0)
	for _, m := range maps {
		if !m.File() || !m.Executable() || m.ID() != of.ID() {
			continue
		}
		if size += m.End - m.Start; size > mostText {
			return text, fmt.Errorf("%s: %w", of.Path, ErrTextTooLong)
		}
		read := func(at uint64, b []byte) error { return proc.ReadMemory(pid, at, b) }
		if err := text.compare(m, file, read); err != nil {
			return text, err
		}
	}
	return text, nil
}

// compare adds what differs between a mapping and its file. What is behind the
// file's end is not looked at.
func (t *Text) compare(m proc.Mapping, file io.ReaderAt, read func(at uint64, b []byte) error) error {
	want, got := make([]byte, textChunk), make([]byte, textChunk)
	for at := m.Start; at < m.End; {
		offset := m.Offset + at - m.Start
		n, err := file.ReadAt(want[:min(textChunk, m.End-at)], int64(offset))
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		if n == 0 {
			return nil
		}
		if err := read(at, got[:n]); err != nil {
			return err
		}
		t.differences(offset, want[:n], got[:n])
		at += uint64(n)
	}
	return nil
}

// differences adds those of a chunk. A breakpoint is one byte between bytes that
// are the file's: whatever patches text otherwise writes whole instructions.
func (t *Text) differences(offset uint64, want, got []byte) {
	const int3 = 0xcc
	differs := func(i int) bool { return i >= 0 && i < len(want) && want[i] != got[i] }
	for i := range want {
		switch {
		case !differs(i):
		case got[i] == int3 && !differs(i-1) && !differs(i+1):
			t.Breakpoints = append(t.Breakpoints, offset+uint64(i))
		default:
			t.Others++
		}
	}
}

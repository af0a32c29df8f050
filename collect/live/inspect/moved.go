package inspect

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/proc"
)

// ErrMoved: a process runs a copy of its CPython's code that is no file's.
var ErrMoved = errors.New("its code was moved to anonymous memory, as programs do for huge pages: probes in its file do not reach it")

// OrMoved is why no CPython was found in a process: that its code was moved, if
// it was, else err.
func OrMoved(pid int, maps []proc.Mapping, err error) error {
	if !errors.Is(err, cpython.ErrNotPython) {
		return err
	}
	program, code := ProgramOf(pid), map[proc.FileID]bool{}
	for _, m := range maps {
		code[m.ID()] = code[m.ID()] || m.Executable()
	}
	for _, m := range maps {
		name := filepath.Base(m.Path)
		if !m.File() || code[m.ID()] || m.Path != program && !strings.HasPrefix(name, "python") && !strings.HasPrefix(name, "libpython") {
			continue
		}
		code[m.ID()] = true // it is looked at once
		l, openErr := Open(pid, m)
		if openErr != nil {
			continue
		}
		moved := hasMoved(l.ELF, m, maps)
		_ = l.Close() // it was only read
		if moved {
			return fmt.Errorf("process %d: %w", pid, ErrMoved)
		}
	}
	return err
}

// hasMoved tells whether anonymous memory holds the code of a file, one part of
// which is mapped so. While a file is being loaded, a file's is there.
func hasMoved(e *elf.File, part proc.Mapping, maps []proc.Mapping) bool {
	for _, s := range e.Segments() {
		if page := uint64(4095); s.Offset&^page > part.Offset || part.Offset >= s.Offset+s.Size {
			continue
		}
		bias := part.Start - part.Offset + s.Offset - s.Address
		for _, code := range e.Segments() {
			if code.Executable && Anonymous(maps, code.Address+bias) {
				return true
			}
		}
	}
	return false
}

// Anonymous tells whether an address is one of code in memory that is no file's.
func Anonymous(maps []proc.Mapping, address uint64) bool {
	for _, m := range maps {
		if m.Start <= address && address < m.End {
			return m.Executable() && !m.File()
		}
	}
	return false
}

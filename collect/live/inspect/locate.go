// Package inspect looks at processes from outside and attaches nothing: which
// file holds a process's CPython, what its threads do, and the list of all.
package inspect

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/proc"

	"golang.org/x/sys/unix"
)

// Located is the file of a process that holds its CPython.
type Located struct {
	Mapping proc.Mapping
	Python  *cpython.Python
	ELF     *elf.File
	File    *os.File
}

// Close closes the file.
func (l *Located) Close() error { return errors.Join(l.ELF.Close(), l.File.Close()) }

// Locate finds the file of a process that holds its CPython: the program or
// one of its libraries. errors.Is(err, cpython.ErrNotPython) when there is none.
func Locate(pid int) (*Located, error) {
	maps, err := proc.System().Maps(pid)
	if err != nil {
		return nil, err
	}
	if len(maps) == 0 {
		return nil, NoMemory(pid)
	}
	l, err := First(pid, Candidates(maps, ProgramOf(pid)), func(m proc.Mapping) (*Located, error) { return Open(pid, m) })
	return l, OrMoved(pid, maps, err)
}

// ProgramOf is the path of what a process runs, as its mappings have it; empty:
// not known.
func ProgramOf(pid int) string {
	path, err := proc.System().Executable(pid)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(path, " (deleted)")
}

// NoMemory is why a process maps nothing.
func NoMemory(pid int) error {
	if stat, err := proc.System().Stat(pid); err == nil && stat.Kernel {
		return fmt.Errorf("process %d: %w: it has no memory of its own (a kernel thread)", pid, cpython.ErrNotPython)
	}
	if err := Living(pid); err != nil {
		return err
	}
	return fmt.Errorf("process %d: %w: it has ended", pid, proc.ErrNoProcess)
}

// First finds the first of a process's files that is a CPython's; look is an
// error for one that is not.
func First[T any](pid int, list []proc.Mapping, look func(proc.Mapping) (T, error)) (none T, err error) {
	refused := error(nil)
	for _, m := range list {
		found, err := look(m)
		if err == nil {
			return found, nil
		}
		// A file that says why it is none that can be counted (PyPy, Python 2)
		// outweighs the many that have nothing to do with Python.
		if refused == nil || errors.Is(refused, cpython.ErrNotPython) {
			refused = err
		}
	}
	if refused == nil || errors.Is(refused, cpython.ErrNotPython) && len(list) > 1 {
		refused = cpython.ErrNotPython // of no file in particular
		if path, err := proc.System().Executable(pid); err == nil {
			refused = fmt.Errorf("%s is %w", path, refused)
		}
	}
	return none, fmt.Errorf("process %d: %w", pid, refused)
}

// openWithin is how long a file may take to be opened and described.
const openWithin = 2 * time.Second

// Open opens a mapped file and describes the CPython in it. A file that does not
// answer is proc.ErrSilent.
func Open(pid int, m proc.Mapping) (*Located, error) {
	l, err := proc.Within(m.ID(), openWithin, func() (*Located, error) { return open(pid, m) }, func(l *Located, err error) {
		if err == nil {
			_ = l.Close() // it was only read
		}
	})
	if errors.Is(err, proc.ErrSilent) {
		err = fmt.Errorf("%s: %w", m.Path, err)
	}
	return l, err
}

func open(pid int, m proc.Mapping) (*Located, error) {
	path, err := proc.System().MapFile(pid, m)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // what is no file may wait for a writer
	if err != nil {
		return nil, err
	}
	e, err := elf.Of(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", m.Path, err), file.Close())
	}
	py, err := cpython.Describe(e, m.Path)
	if err == nil && e.Machine() != elf.Own { // it is emulated: its instructions are data here
		err = fmt.Errorf("%w: %v", cpython.ErrMachine, e.Machine())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", m.Path, err), e.Close(), file.Close())
	}
	return &Located{Mapping: m, Python: py, ELF: e, File: file}, nil
}

// IsPython tells whether a mapped file holds a Python: also one that pytop
// refuses, so that opening it says why.
func IsPython(pid int, m proc.Mapping) bool {
	l, err := Open(pid, m)
	if err == nil {
		return l.Close() == nil
	}
	return errors.Is(err, cpython.ErrPyPy) || errors.Is(err, cpython.ErrOld) || errors.Is(err, cpython.ErrNew)
}

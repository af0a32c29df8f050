package live

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/live/price"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// build is one file with a CPython in it: inspected once, its programs loaded
// once, however many processes run it.
type build struct {
	id          proc.FileID
	number      uint32    // what processes' states call it; from 1
	shared      *links    // to all processes of the file; nil: none
	sharedAt    time.Time // since when
	unused      time.Time // since when no process runs it; zero: one does, or did lately
	split       bool      // no longer shared: one of its processes was let go
	same        *build    // whose programs it uses, since its text is the same; nil: it has its own
	file        *os.File  // keeps the very file that was inspected within reach
	elf         *elf.File
	python      *cpython.Python
	plan        *site.Plan
	offsets     bpf.PyOffsets
	programs    *bpf.Programs
	price       callPrice
	gil         *bpf.GILPrograms // nil: not loaded
	gilErr      error            // why not
	gilPrice    price.Hit
	gilCalls    *conditions // where its file calls libc's condition variables; nil: not looked for, or not found
	gilCallsErr error       // why not
	parking     *parking    // of a free-threaded build; nil: not looked for
	name        string      // of the file, for people
}

// words says what is particular about the build.
func (b *build) words() string { return b.python.Build(b.plan.Words()...) }

// weak says what is weaker than it could be; empty: nothing.
func (b *build) weak() string {
	if Untested != "" && b.plan.Weak != "" {
		return Untested + "; " + b.plan.Weak
	}
	return Untested + b.plan.Weak
}

// method says how calls are counted.
func (b *build) method() string {
	how := "uprobe_multi"
	if !b.programs.Multi {
		how = "perf event uprobes"
	}
	sites := "sites"
	if len(b.plan.Calls) == 1 {
		sites = "site"
	}
	return fmt.Sprintf("%d %s in %s (%s), %s", len(b.plan.Calls), sites, b.name, b.plan.Method, how)
}

// path leads to the inspected file, also when its name is gone or another's.
func (b *build) path() string { return fmt.Sprintf("/proc/self/fd/%d", b.file.Fd()) }

func (b *build) close() error {
	var errs []error
	if b.programs != nil && b.same == nil {
		errs = append(errs, b.programs.Close())
	}
	if b.gil != nil {
		errs = append(errs, b.gil.Close())
	}
	errs = append(errs, b.parking.close())
	if b.elf != nil {
		errs = append(errs, b.elf.Close())
	}
	return errors.Join(append(errs, b.file.Close())...)
}

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
		return nil, noMemory(pid)
	}
	return locate(pid, candidates(maps, programOf(pid)))
}

// programOf is the path of what a process runs, as its mappings have it; empty:
// not known.
func programOf(pid int) string {
	path, err := proc.System().Executable(pid)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(path, " (deleted)")
}

// noMemory is why a process maps nothing.
func noMemory(pid int) error {
	if stat, err := proc.System().Stat(pid); err != nil || !stat.Kernel {
		return fmt.Errorf("process %d: %w: it has ended", pid, proc.ErrNoProcess)
	}
	return fmt.Errorf("process %d: %w: it has no memory of its own (a kernel thread)", pid, cpython.ErrNotPython)
}

func locate(pid int, list []proc.Mapping) (*Located, error) {
	return first(pid, list, func(m proc.Mapping) (*Located, error) { return inspect(pid, m) })
}

// first finds the first of a process's files that is a CPython's; look is an
// error for one that is not.
func first[T any](pid int, list []proc.Mapping, look func(proc.Mapping) (T, error)) (none T, err error) {
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

// inspect opens a mapped file and describes the CPython in it.
func inspect(pid int, m proc.Mapping) (*Located, error) {
	path, err := proc.System().MapFile(pid, m)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	e, err := elf.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
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
	l, err := inspect(pid, m)
	if err == nil {
		return l.Close() == nil
	}
	return errors.Is(err, cpython.ErrPyPy) || errors.Is(err, cpython.ErrOld) || errors.Is(err, cpython.ErrNew)
}

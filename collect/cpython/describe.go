// Package cpython knows what differs between CPythons: it asks an ELF file
// once which version and build it is, and answers with numbers and facts, so
// that no other package compares versions.
package cpython

import (
	"errors"
	"fmt"
	"strings"

	"pytop/collect/elf"
)

// Why Describe refuses a file; branch on them with errors.Is. What the error
// says besides is for people.
var (
	ErrNotPython = errors.New("not a CPython")
	ErrPyPy      = errors.New("PyPy, not CPython")
	ErrOld       = errors.New("older than Python 3.8")
	ErrNew       = errors.New("newer than Python 3.15")
	ErrMachine   = errors.New("for a processor that this pytop does not know")
	ErrTraceRefs = errors.New("built with Py_TRACE_REFS, which moves every field of every object")
	ErrCorrupt   = errors.New("its description of itself makes no sense")
)

// Python is one build of CPython: a file, not a process. Addresses are as the
// file numbers memory.
type Python struct {
	Version string // "3.14.6", "3.15.0a3"; up to 3.10 "3.8": the file does not tell more
	Minor   int    // for people and as a key: never to be compared

	EvalFrame uint64 // _PyEval_EvalFrameDefault
	CodeType  uint64 // PyCode_Type
	Runtime   uint64 // _PyRuntime

	Offsets   Offsets
	Traits    Traits
	Opcodes   Opcodes
	LineTable LineTable
}

// Describe says which CPython a file is. name is what the file is called
// (its path), which helps when the file itself does not tell its version.
func Describe(f *elf.File, name string) (*Python, error) {
	if f.Machine() != elf.X86_64 && f.Machine() != elf.AArch64 {
		return nil, fmt.Errorf("%w: %v", ErrMachine, f.Machine())
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	if err := refuse(f); err != nil {
		return nil, err
	}
	v, err := findVersion(f, name)
	if err != nil {
		return nil, err
	}
	switch {
	case v.major < 3 || v.major == 3 && v.minor < oldest:
		return nil, fmt.Errorf("Python %v: %w", v, ErrOld)
	case v.major > 3 || v.minor > newest:
		return nil, fmt.Errorf("Python %v: %w", v, ErrNew)
	}
	p := &Python{Version: v.String(), Minor: v.minor, Opcodes: opcodes[v.minor], LineTable: lineTable(v)}
	for name, to := range map[string]*uint64{
		"_PyEval_EvalFrameDefault": &p.EvalFrame,
		"PyCode_Type":              &p.CodeType,
		"_PyRuntime":               &p.Runtime,
	} {
		s, ok := f.Symbol(name)
		if !ok {
			return nil, fmt.Errorf("%w: Python %v without %s", ErrNotPython, v, name)
		}
		*to = s.Address
	}
	if v.minor < 13 && anySymbol(f, "_Py_AddToAllObjects", "_Py_PrintReferences") {
		return nil, fmt.Errorf("Python %v: %w", v, ErrTraceRefs)
	}
	free := false
	if p.Offsets, free, err = findOffsets(f, p.Runtime, v); err != nil {
		return nil, fmt.Errorf("Python %v: %w", v, err)
	}
	if f.Machine() == elf.AArch64 {
		_, old := closed[v.minor]
		p.Offsets = onARM64(p.Offsets, !old)
	}
	p.Traits = findTraits(f, v, free)
	return p, nil
}

// refuse finds what is not a CPython of ours, or not one at all.
func refuse(f *elf.File) error {
	_, eval := f.Symbol("_PyEval_EvalFrameDefault")
	switch {
	case eval:
		return nil // 3.6 and later
	case anySymbol(f, "PyPyUnicode_FromString", "pypy_execute_source", "rpython_startup_code", "PyPy_Init"),
		strings.HasPrefix(f.Soname(), "libpypy"):
		return ErrPyPy
	case anySymbol(f, "PyEval_EvalFrameEx"):
		if anySymbol(f, "PyString_FromString") {
			return fmt.Errorf("Python 2: %w", ErrOld)
		}
		return fmt.Errorf("Python 3.5 or earlier: %w", ErrOld)
	}
	return ErrNotPython
}

func anySymbol(f *elf.File, names ...string) bool {
	for _, n := range names {
		if _, ok := f.Symbol(n); ok {
			return true
		}
	}
	return false
}

// Build says in a few words what is particular about the build: "stripped
// free-threaded". more are words that only others can know, such as
// site.Plan's; empty: an ordinary one.
func (p *Python) Build(more ...string) string {
	var words []string
	for _, w := range []struct {
		on   bool
		word string
	}{{p.Traits.Stripped, "stripped"}, {p.Traits.Debug, "debug"}, {p.Traits.FreeThreaded, "free-threaded"}, {p.Traits.Fixed, "static address"}} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return strings.Join(append(words, more...), " ")
}

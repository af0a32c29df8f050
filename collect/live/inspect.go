package live

import (
	"errors"
	"fmt"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/site"
	"pytop/collect/stack"
)

// Inspection is what pytop would do with a process, found out without
// attaching to it.
type Inspection struct {
	File   string        // path of the file with the CPython in it, as the process maps it
	Python string        // version
	Build  string        // what is particular about it; may be empty
	Method string        // how its calls would be counted
	Weak   string        // what is weaker than it could be; empty: nothing
	Took   time.Duration // finding all this
	Cost
	GIL    string // how its GIL, or without one its threads' waits, would be followed; empty: see GILWhy
	GILWhy error  // why that could not be followed; the calls can be counted all the same
}

// Cost is what a hit takes on this machine, measured on pytop itself.
type Cost struct {
	Call, Resume time.Duration
	Multi        bool // by uprobe_multi; else by perf event uprobes
}

// Inspect finds out how a process's calls would be counted.
func Inspect(pid int) (_ *Inspection, err error) {
	s, err := openBare()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	began := time.Now()
	l, err := Locate(pid)
	if err != nil {
		return nil, err
	}
	path, mapping := l.Mapping.Path, l.Mapping
	b, err := s.buildOf(l)
	if err != nil {
		return nil, err
	}
	found := &Inspection{
		File: path, Python: b.python.Version, Build: b.words(), Method: b.method(), Weak: b.weak(),
		Took: time.Since(began), Cost: Cost{b.price.call, b.price.resume, b.programs.Multi},
	}
	found.GIL, found.GILWhy = s.inspectGIL(&process{
		info: &collect.Process{PID: pid}, build: b,
		gil: &gilProcess{memory: stack.New(pid, b.python, codeTypeOf(b, mapping)-b.python.CodeType)},
	})
	return found, nil
}

// inspectGIL finds out how a process's GIL would be followed.
func (s *Source) inspectGIL(p *process) (string, error) {
	if err := s.openGIL(); err != nil {
		return "", err
	}
	g, b := p.gil, p.build
	if free, err := g.free(); err != nil {
		return "", err
	} else if free {
		err = s.loadParking(b)
		return g.worldMethod(p), err
	}
	if err := s.loadGIL(b); err != nil {
		return "", err
	}
	c, err := s.conditionsOf(p.info.PID)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; at least %d ns a take and drop", c.where(), 2*int64(b.gilPrice)), nil
}

// Try loads the programs, attaches one to pytop itself and counts: what the
// kernel does not allow is the error.
func Try() (_ Cost, err error) {
	s, err := openBare()
	if err != nil {
		return Cost{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := &build{
		plan:    &site.Plan{Calls: []site.Site{{Code: 0, Frame: 3, Next: site.None, Throw: site.None}}},
		offsets: bpf.PyOffsets{CodeMask: ^uint64(0), FrameInstr: 56, ResumeMask: 3, ObjectType: 8, TypeName: 24, CodeFlags: 48, StrKindShift: 2},
		python:  &cpython.Python{},
	}
	if err := s.load(b, 0); err != nil {
		return Cost{}, err
	}
	defer func() { err = errors.Join(err, b.programs.Close()) }()
	return Cost{b.price.call, b.price.resume, b.programs.Multi}, nil
}

// ErrKernel: the kernel is too old to count calls.
var ErrKernel = bpf.ErrKernel

// Supported tells whether the kernel has what every probe needs;
// errors.Is(err, ErrKernel) when it is too old.
func Supported() error { return bpf.Supported() }

// openBare opens a source that watches nothing.
func openBare() (*Source, error) {
	s, err := newSource(Options{Functions: 1024})
	if err != nil {
		return nil, err
	}
	return s, nil
}

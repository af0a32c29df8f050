package live

import (
	"errors"
	"time"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/site"
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
	path := l.Mapping.Path
	b, err := s.buildOf(l)
	if err != nil {
		return nil, err
	}
	return &Inspection{
		File: path, Python: b.python.Version, Build: b.words(), Method: b.method(), Weak: b.weak(),
		Took: time.Since(began), Cost: Cost{b.price.call, b.price.resume, b.programs.Multi},
	}, nil
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

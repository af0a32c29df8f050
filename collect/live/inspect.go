package live

import (
	"errors"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

// Inspection is what pytop would do with a process, found out without
// attaching to it.
type Inspection struct {
	File   string        // path of the file with the CPython in it, as the process maps it
	Python string        // version
	Build  string        // what is particular about it; may be empty
	Weak   string        // what is weaker than it could be; empty: nothing
	Took   time.Duration // finding where probes go
	Probes []Finding     // in the order of the registry
	Text   Text          // its code, compared with its files
	// TextErr is why that was not compared.
	TextErr error
}

// Finding is how one kind of probe would measure a process.
type Finding struct {
	Kind collect.Kind
	probe.Finding
	Err error // why it could not
}

// Inspect finds out how a process would be measured.
func Inspect(pid int) (_ *Inspection, err error) {
	s, err := openBare()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	l, err := inspect.Locate(pid)
	if err != nil {
		return nil, err
	}
	path, mapping := l.Mapping.Path, l.Mapping
	text, textErr := texts(pid, l)
	began := time.Now()
	b, err := s.targets.BuildOf(l)
	if err != nil {
		return nil, err
	}
	found := &Inspection{File: path, Python: b.Python.Version, Build: b.Words(), Weak: b.Weak(), Took: time.Since(began), Text: text, TextErr: textErr}
	found.Probes = s.probes.inspect(&target.Process{
		Info: &collect.Process{PID: pid}, Program: target.Program{Build: b, CodeType: target.CodeTypeOf(b, mapping)},
	})
	return found, nil
}

// inspect is what each kind says of a process: of several probes of a kind the
// one that would measure it.
func (l *probes) inspect(p *target.Process) (list []Finding) {
	for i, one := range l.list {
		is, err := one.Inspect(p)
		found := Finding{one.kind, is, err}
		if i == 0 || l.list[i-1].line != one.line {
			list = append(list, found)
		} else if last := &list[len(list)-1]; last.How == "" && last.Err == nil {
			*last = found
		}
	}
	return list
}

// Try loads the programs of a probe, attaches one to pytop itself and counts: what
// the kernel does not allow is the error.
func Try() (_ probe.Finding, err error) {
	s, err := openBare()
	if err != nil {
		return probe.Finding{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for _, one := range s.probes.list {
		if t, ok := one.Probe.(probe.Trier); ok {
			return t.Try()
		}
	}
	return probe.Finding{}, errors.ErrUnsupported
}

// What a process is refused for, besides what cpython and site say.
var (
	ErrKernel     = bpf.ErrKernel // the kernel is too old to count calls
	ErrNotReached = target.ErrNotReached
	ErrNotCode    = target.ErrNotCode
	ErrMoved      = inspect.ErrMoved
)

// Untested says what was never tried on this machine's kind; empty: nothing.
const Untested = target.Untested

// Supported tells whether the kernel has what every probe needs;
// errors.Is(err, ErrKernel) when it is too old.
func Supported() error { return bpf.Supported() }

// openBare opens a source that watches nothing.
func openBare() (*Source, error) { return newSource(Options{Functions: 1024}) }

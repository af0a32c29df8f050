package live

import (
	"errors"
	"io/fs"
	"time"

	"pytop/collect/proc"
)

// files is what was found in files that processes map: each is inspected once.
type files map[fileID]verdict

// verdict says what a file is: a build, or why none that can be counted.
type verdict struct {
	build *build // nil: see err and not
	err   error  // it is a CPython that cannot be counted
	not   error  // it is no CPython
	at    time.Time
}

// doubt is how long it is believed that a file is none that can be counted: a
// deleted file's number is given to another. A build's file is held open.
const doubt = 30 * time.Second

// find finds the build that a process runs, and the address of PyCode_Type in
// it (0: not known). errors.Is(err, cpython.ErrNotPython) when it is no Python.
func (s *Source) find(pid int) (_ *build, codeType uint64, _ error) {
	maps, err := proc.System().Maps(pid)
	if err != nil {
		return nil, 0, err
	}
	if len(maps) == 0 {
		return nil, 0, noMemory(pid)
	}
	type found struct {
		verdict
		mapping proc.Mapping
	}
	f, err := first(pid, candidates(maps, programOf(pid)), func(m proc.Mapping) (found, error) {
		v, err := s.judge(pid, m)
		return found{v, m}, errors.Join(err, v.not)
	})
	if err = errors.Join(err, f.err); err != nil {
		return nil, 0, err
	}
	return f.build, codeTypeOf(f.build, f.mapping), nil
}

// judge says what a mapped file is; its error says why that is not known.
func (s *Source) judge(pid int, m proc.Mapping) (verdict, error) {
	id := fileID{m.Major, m.Minor, m.Inode}
	if v, ok := s.files[id]; ok && (v.build != nil || time.Since(v.at) < doubt) {
		return v, nil
	}
	v := verdict{at: time.Now()}
	l, err := inspect(pid, m)
	switch {
	case errors.Is(err, proc.ErrNoProcess), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, proc.ErrOtherFile):
		return v, err
	case err != nil:
		v.not = err
	default:
		v.build, v.err = s.buildOf(l)
	}
	s.files[id] = v
	return v, nil
}

// codeType is the address of PyCode_Type in a process; 0: not known.
func codeType(l *Located) uint64 {
	symbol, ok := l.ELF.Symbol("PyCode_Type")
	bias, found := bias(l.ELF, l.Mapping)
	if !ok || !found {
		return 0
	}
	return symbol.Address + bias
}

// codeTypeOf is the address of PyCode_Type in a process that maps a build's
// file so; 0: not known.
func codeTypeOf(b *build, m proc.Mapping) uint64 {
	return codeType(&Located{ELF: b.elf, Mapping: m})
}

package live

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// files is what was found in files that processes map: each is inspected once.
type files map[proc.FileID]verdict

// verdict says what a file is: a build, or why none that can be counted.
type verdict struct {
	build *build    // nil: see err and not
	err   error     // it is a CPython that cannot be counted
	not   error     // it is no CPython
	at    time.Time // when it was found, or met last if it is a build's
}

// doubt is how long it is believed that a file is none that can be counted: a
// deleted file's number is given to another. A build's file is held open.
const doubt = 30 * time.Second

// forget forgets what is found out again when it is needed: of files that are
// no build's, and other numbers of those that are, which are met no more.
func (f files) forget(now time.Time) {
	for id, v := range f {
		age := now.Sub(v.at)
		if v.build == nil && age >= doubt || v.build != nil && v.build.id != id && age >= keptOwn {
			delete(f, id)
		}
	}
}

// plain tells whether a file lies where it has the one number that the kernel
// knows it by. Others (overlay file systems, FUSE) may pass on another's.
func plain(file *os.File) bool {
	var about unix.Statfs_t
	if unix.Fstatfs(int(file.Fd()), &about) != nil {
		return false
	}
	switch about.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

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
	id := m.ID()
	if v, ok := s.files[id]; ok && (v.build != nil || time.Since(v.at) < doubt) {
		if v.build != nil {
			v.at = time.Now()
			s.files[id] = v
		}
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

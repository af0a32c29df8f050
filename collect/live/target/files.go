package target

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/elf"
	"pytop/collect/live/inspect"
	"pytop/collect/proc"
)

// Files is what was found in files that processes map: each is inspected once.
type Files struct {
	Builds    []*Build
	set       *Set
	known     verdicts
	last      uint32 // number of a build
	releasing releasing
}

// verdicts is what files are.
type verdicts map[proc.FileID]verdict

// verdict says what a file is: a build, or why none that can be counted.
type verdict struct {
	build *Build    // nil: see err and not
	err   error     // it is a CPython that cannot be counted
	not   error     // it is no CPython
	at    time.Time // when it was found, or met last if it is a build's
}

// forget forgets what is found out again when it is needed: of files that are
// no build's, and other numbers of those that are, which are met no more.
func (f verdicts) forget(now time.Time) {
	for id, v := range f {
		age := now.Sub(v.at)
		if v.build == nil && age >= inspect.Doubt || v.build != nil && v.build.ID != id && age >= keptOwn {
			delete(f, id)
		}
	}
}

// hasOwnNumber tells whether a file lies where it has the one number that the kernel
// knows it by. Others (overlay file systems, FUSE) may pass on another's.
func hasOwnNumber(file *os.File) bool {
	var status unix.Statfs_t
	if unix.Fstatfs(int(file.Fd()), &status) != nil {
		return false
	}
	switch status.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}

// Find finds the build that a process runs, and the address of PyCode_Type in
// it (0: not known). errors.Is(err, cpython.ErrNotPython) when it is no Python.
func (f *Files) Find(pid int) (_ *Build, codeType uint64, _ error) {
	maps, err := proc.System().Maps(pid)
	if err != nil {
		return nil, 0, err
	}
	if len(maps) == 0 {
		return nil, 0, inspect.NoMemory(pid)
	}
	type found struct {
		verdict
		mapping proc.Mapping
	}
	one, err := inspect.First(pid, inspect.Candidates(maps, inspect.ProgramOf(pid)), func(m proc.Mapping) (found, error) {
		v, err := f.judge(pid, m)
		return found{v, m}, errors.Join(err, v.not)
	})
	if err = errors.Join(inspect.OrMoved(pid, maps, err), one.err); err != nil {
		return nil, 0, err
	}
	return one.build, CodeTypeOf(one.build, one.mapping), nil
}

// judge says what a mapped file is; its error says why that is not known.
func (f *Files) judge(pid int, m proc.Mapping) (verdict, error) {
	id := m.ID()
	if v, ok := f.known[id]; ok && (v.build != nil || time.Since(v.at) < inspect.Doubt) {
		if v.build != nil {
			v.at = time.Now()
			f.known[id] = v
		}
		return v, nil
	}
	v := verdict{at: time.Now()}
	l, err := inspect.Open(pid, m)
	switch {
	case passing(err):
		return v, err
	case err != nil:
		v.not = err
	default:
		if v.build, v.err = f.BuildOf(l); passing(v.err) {
			return v, v.err
		}
	}
	f.known[id] = v
	return v, nil
}

// passing tells whether an error says nothing of the file: it may be another the
// next time that it is looked at.
func passing(err error) bool {
	for _, one := range []error{proc.ErrNoProcess, fs.ErrNotExist, fs.ErrPermission, proc.ErrOtherFile, elf.ErrFull, elf.ErrChanged, proc.ErrSilent} {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}

// CodeTypeOf is the address of PyCode_Type in a process that maps a build's
// file so; 0: not known.
func CodeTypeOf(b *Build, m proc.Mapping) uint64 {
	return inspect.CodeType(&inspect.Located{ELF: b.ELF, Python: b.Python, Mapping: m})
}

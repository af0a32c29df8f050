package inspect

import (
	"path/filepath"
	"slices"
	"strings"

	"pytop/collect/elf"
	"pytop/collect/proc"
)

// Candidates are the files of a process with code, each once, those first that
// are likeliest to hold its CPython: the program, then what is called python. A
// program with a CPython in it runs that, also where something that it loaded
// needs a libpython: the program's symbols come first.
func Candidates(maps []proc.Mapping, program string) []proc.Mapping {
	seen := map[proc.FileID]bool{}
	var list []proc.Mapping
	for _, m := range maps {
		id := m.ID()
		if m.File() && m.Executable() && !seen[id] && !strings.HasPrefix(m.Path, "/dev/") {
			seen[id] = true
			list = append(list, m)
		}
	}
	rank := func(m proc.Mapping) int {
		name := filepath.Base(m.Path)
		switch {
		case program != "" && m.Path == program:
			return -1
		case strings.HasPrefix(name, "libpython"), strings.HasPrefix(name, "libpypy"):
			return 0
		case strings.HasPrefix(name, "python"), strings.HasPrefix(name, "pypy"):
			return 1
		case !strings.Contains(name, ".so"):
			return 2
		case strings.Contains(m.Path, "/lib-dynload/"), strings.Contains(m.Path, "-packages/"):
			return 4
		}
		return 3
	}
	slices.SortStableFunc(list, func(a, b proc.Mapping) int { return rank(a) - rank(b) })
	return list
}

// Bias is what is added to the addresses of a file to get those of a process
// that maps it so.
func Bias(e *elf.File, m proc.Mapping) (uint64, bool) {
	for _, s := range e.Segments() {
		page := uint64(4095)
		if s.Executable && s.Offset&^page <= m.Offset && m.Offset < s.Offset+s.Size {
			return m.Start - m.Offset + s.Offset - s.Address, true
		}
	}
	return 0, false
}

// CodeType is the address of PyCode_Type in a process; 0: not known.
func CodeType(l *Located) uint64 {
	bias, found := Bias(l.ELF, l.Mapping)
	if !found || l.Python.CodeType == 0 {
		return 0
	}
	return l.Python.CodeType + bias
}

// Package native names addresses of a process's machine code, from the files
// that it maps.
package native

import (
	"errors"
	"path/filepath"
	"slices"

	"pytop/collect"
	"pytop/collect/elf"
	"pytop/collect/perf"
	"pytop/collect/proc"
	"pytop/collect/site"
)

const (
	// mostCode and mostNamed bound what Symbols keeps: files of a process, and
	// functions and addresses of a file. Beyond, it starts over.
	mostCode  = 1024
	mostNamed = 512
)

// Symbols names addresses of a process's machine code. It keeps what it found,
// since the same functions come again and again.
type Symbols struct {
	pid  int
	maps []proc.Mapping
	code map[proc.FileID]*codeFile
}

// codeFile is what is known of a mapped file.
type codeFile struct {
	frames    bool // it keeps frame pointers
	segments  []elf.Segment
	functions []elf.Function  // and nameless code between them; few, in no order
	returns   map[uint64]bool // whether a call is right before an address
}

// New makes one for a process; nothing is read yet.
func New(pid int) *Symbols { return &Symbols{pid: pid, code: map[proc.FileID]*codeFile{}} }

// Refresh reads what the process has mapped: libraries come and go.
func (s *Symbols) Refresh() error {
	maps, err := proc.System().Maps(s.pid)
	if err == nil {
		s.maps = maps
	}
	return err
}

// Maps tells whether something is mapped at an address, as of the last Refresh.
func (s *Symbols) Maps(address uint64) bool { return s.mapping(address) != nil }

// mapping finds the mapping that holds an address; nil: none does.
func (s *Symbols) mapping(address uint64) *proc.Mapping {
	i, _ := slices.BinarySearchFunc(s.maps, address, func(m proc.Mapping, a uint64) int {
		if m.End <= a {
			return -1
		}
		return 1
	})
	if i == len(s.maps) || address < s.maps[i].Start {
		return nil
	}
	return &s.maps[i]
}

// Stack names a sampled stack. The first address is where the thread is, which
// is always true. A caller is taken only while each function before it lies in a
// file that keeps frame pointers, and a call is right before where it returns to.
// cut: callers were left out.
func (s *Symbols) Stack(addresses []uint64) (frames []collect.NativeFrame, cut bool) {
	for i, a := range addresses {
		m := s.mapping(a)
		if i > 0 && (m == nil || !m.Executable() || !m.File()) {
			return frames, true
		}
		if m == nil || !m.File() {
			return append(frames, collect.NativeFrame{Module: bare(m), Offset: a}), true
		}
		f, at, function := s.look(m, a, i > 0)
		if i > 0 && !f.returns[at] {
			return frames, true
		}
		one := collect.NativeFrame{Module: filepath.Base(m.Path), Symbol: function.Name, Offset: at - function.Address}
		if function.Name == "" {
			one.Offset = a - m.Start + m.Offset
			if !function.Between {
				one.Start = one.Offset - (at - function.Address)
			}
		}
		frames = append(frames, one)
		if !f.frames {
			return frames, true
		}
	}
	return frames, len(addresses) >= perf.MostStack
}

// bare is what memory of no file is called.
func bare(m *proc.Mapping) string {
	if m == nil {
		return ""
	}
	return m.Path // "[vdso]", or nothing
}

// look finds what is at an address of a mapped file: where that is as the file
// numbers memory, and the function. What returns there may be the function
// before: a call that never returns may be a function's last instruction.
func (s *Symbols) look(m *proc.Mapping, address uint64, caller bool) (f *codeFile, at uint64, function elf.Function) {
	id := m.ID()
	f = s.code[id]
	if f == nil {
		f = &codeFile{returns: map[uint64]bool{}}
		s.keep(id, f)
		if e, err := openMapped(s.pid, *m); err == nil { // else no function is known
			f.frames, f.segments = site.KeepsFramePointers(e), e.Segments()
			_ = e.Close()
		}
	}
	at, ok := elf.AddressOf(f.segments, address-m.Start+m.Offset)
	if !ok {
		return f, 0, elf.Function{Between: true}
	}
	named := at
	if caller {
		named--
	}
	function, have := f.function(named)
	_, judged := f.returns[at]
	if have && (judged || !caller) {
		return f, at, function
	}
	e, err := openMapped(s.pid, *m)
	if err != nil {
		return f, at, elf.Function{Between: true}
	}
	defer e.Close()
	if caller && !judged {
		f.judge(e, at)
	}
	if !have {
		function = f.name(e, named)
	}
	return f, at, function
}

// keep remembers a file, within bounds.
func (s *Symbols) keep(id proc.FileID, f *codeFile) {
	if len(s.code) >= mostCode {
		clear(s.code)
	}
	s.code[id] = f
}

// function is what is known to hold an address.
func (f *codeFile) function(at uint64) (elf.Function, bool) {
	for i := range f.functions {
		if f.functions[i].Holds(at) {
			return f.functions[i], true
		}
	}
	return elf.Function{}, false
}

// name looks up, and keeps, the function that holds an address.
func (f *codeFile) name(e *elf.File, at uint64) elf.Function {
	function, err := e.FunctionAt(at)
	if err != nil {
		function = elf.Function{Address: at, Size: 1, Between: true} // a broken table will not get better
	}
	if len(f.functions) >= mostNamed {
		f.functions = f.functions[:0]
	}
	f.functions = append(f.functions, function)
	return function
}

// judge finds out, and keeps, whether a call is right before an address.
func (f *codeFile) judge(e *elf.File, at uint64) {
	if len(f.returns) >= mostNamed {
		clear(f.returns)
	}
	before, err := e.Read(at-site.LongestCall, site.LongestCall)
	f.returns[at] = err == nil && site.FollowsCall(e.Machine(), before)
}

var errEmulated = errors.New("its code is for another processor")

// openMapped opens a mapped file, whatever became of its name.
func openMapped(pid int, m proc.Mapping) (*elf.File, error) {
	path, err := proc.System().MapFile(pid, m)
	if err != nil {
		return nil, err
	}
	e, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	if e.Machine() != elf.Own {
		return nil, errors.Join(errEmulated, e.Close())
	}
	return e, nil
}

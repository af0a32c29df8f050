package inspect

import (
	"errors"

	"golang.org/x/sys/unix"

	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// Memory reads what a process's Python threads do. It numbers them as pytop
// does, also where the process is in another PID namespace.
type Memory struct {
	*stack.Process
	inner     map[int]int // TIDs of its own PID namespace; nil: they are ours
	innerRead bool
}

// NewMemory makes one of a process whose PyCode_Type is at an address.
func NewMemory(pid int, python *cpython.Python, codeType uint64) *Memory {
	return &Memory{Process: stack.New(pid, python, codeType-python.CodeType)}
}

// ErrNotStarted: an interpreter says whether there is a GIL.
var ErrNotStarted = errors.New("no interpreter runs in it yet")

// Free tells whether there is no GIL: it is a free-threaded build, and does not
// run with a GIL all the same, from its start on or since it loaded what needs that.
func (m *Memory) Free() (bool, error) {
	if !m.Python.Traits.FreeThreaded {
		return false, nil
	}
	list, err := m.Interpreters()
	if err == nil && len(list) == 0 {
		err = ErrNotStarted
	}
	if err != nil {
		return false, err
	}
	for _, i := range list {
		gil, err := m.GIL(i.GIL)
		if err != nil || gil.Enabled {
			return false, err
		}
	}
	return true, nil
}

// Outer is a TID that the process knows, as pytop knows it; 0: there is none.
func (m *Memory) Outer(tid int) int {
	if tid <= 0 {
		return 0
	}
	if m.inner == nil && !m.innerRead {
		m.readInner()
	}
	if m.inner == nil {
		return tid
	}
	if outer, ok := m.inner[tid]; ok {
		return outer
	}
	m.readInner()
	return m.inner[tid]
}

func (m *Memory) readInner() {
	m.innerRead = true
	if inner, err := proc.System().InnerTIDs(m.PID); err == nil {
		m.inner = inner
	}
}

// Running is what a thread runs at this instant; zero: no Python, or not to be told.
func (m *Memory) Running(t stack.Thread) collect.Place {
	for range 3 { // it moves on while it is read
		frame, ok, err := m.Innermost(t.Address)
		if err != nil || !ok {
			continue
		}
		if places, err := m.Places([]stack.Frame{frame}); err == nil {
			return PlaceOf(places[0])
		}
	}
	return collect.Place{}
}

// Waits tells whether a thread sleeps on a GIL's condition variable or mutex.
func (m *Memory) Waits(tid int, gil uint64) bool {
	number, address, ok, err := proc.System().Syscall(m.PID, tid)
	o := &m.Python.Offsets.GIL
	return err == nil && ok && gil != 0 && number == unix.SYS_FUTEX && address >= gil+uint64(o.Cond) && address < gil+uint64(o.SwitchCond)
}

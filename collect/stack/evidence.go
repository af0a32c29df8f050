package stack

import (
	"encoding/binary"
	"slices"

	"pytop/collect/cpython"
)

// evidence is what proves, if it is the same later, that a thread state's
// Python did not run in between. Then all that was read of it in between is of
// one instant. That the memory is the same when it is read twice proves nothing:
// frames are freed and used again, at the same address and for the same function.
//
// One of two is enough. The GIL: another thread took it last, and it was not
// switched since. The kernel: the thread was off its CPU, and was not given one
// since; a thread state is taken to be run by the thread that it names.
type evidence struct {
	p      *Process
	thread Thread
	who    identity

	gil      uint64 // 0: it proves nothing
	switches uint64

	all    bool // tids are all threads of the process
	tids   []int
	slices []uint64 // of each of tids; nil: they prove nothing
}

// identity tells a thread state from another that lies where it lay.
type identity struct{ interp, thread uint64 }

// mostRunners bounds of how many threads it is proven that none ran.
const mostRunners = 256

// noCPU is in place of the CPU that the caller is bound to: it is bound to none.
const noCPU = -1

// observe begins: what follows is read after it. tid is the thread as this
// machine numbers it, 0: not known. here is the CPU that the caller is bound to.
func (p *Process) observe(t Thread, tid, here int) (*evidence, error) {
	e := &evidence{p: p, thread: t}
	var err error
	if e.who, err = p.identity(t); err != nil {
		return nil, err
	}
	e.observeGIL()
	e.observeThreads(tid, here)
	return e, nil
}

// none tells that nothing can be proven, whatever follows.
func (e *evidence) none() bool { return e.gil == 0 && e.slices == nil }

// holds tells whether it is proven that the thread state's Python did not run
// since the evidence was observed.
func (e *evidence) holds() bool {
	if !e.gilKept() && !e.offCPU() {
		return false
	}
	who, err := e.p.identity(e.thread)
	return err == nil && who == e.who
}

// identity reads who a thread state is, and checks that it has the TID that it
// had.
func (p *Process) identity(t Thread) (identity, error) {
	o := &p.Python.Offsets.Thread
	head := make([]byte, max(o.Interp, o.ThreadID)+8)
	if len(head) > mostHead {
		return identity{}, ErrChanging
	}
	if err := p.read(t.Address, head); err != nil {
		return identity{}, err
	}
	tid, err := p.ThreadTID(t.Address)
	if err == nil && tid != t.TID {
		err = ErrChanging
	}
	return identity{binary.LittleEndian.Uint64(head[o.Interp:]), binary.LittleEndian.Uint64(head[o.ThreadID:])}, err
}

// observeGIL: whoever runs Python has the GIL, and is its last holder. To take
// it from another counts a switch; only then is it run. With several
// interpreters that proves nothing: a thread changes from the state of one to
// that of another and keeps the GIL.
func (e *evidence) observeGIL() {
	p, o := e.p, &e.p.Python.Offsets
	if p.Python.Traits.FreeThreaded {
		return
	}
	head, err := p.word(p.Runtime, o.Runtime.InterpretersHead)
	if err != nil || head != e.who.interp {
		return
	}
	if next, err := p.word(head, o.Interpreter.Next); err != nil || next != 0 {
		return
	}
	gil := p.Runtime + uint64(o.Runtime.GIL)
	if o.Interpreter.CevalGIL != cpython.Absent {
		if gil, err = p.word(head, o.Interpreter.CevalGIL); err != nil {
			return
		}
	}
	// The number first: whoever becomes the last holder after it changes it.
	switches, err := p.word(gil, o.GIL.SwitchNumber)
	if err != nil {
		return
	}
	holder, err := p.word(gil, o.GIL.LastHolder)
	if err != nil {
		return
	}
	interp, err1 := p.word(holder, o.Thread.Interp)
	thread, err2 := p.word(holder, o.Thread.ThreadID)
	if err1 == nil && err2 == nil && interp == e.who.interp && thread != e.who.thread {
		e.gil, e.switches = gil, switches
	}
}

// gilKept tells whether the GIL was not switched.
func (e *evidence) gilKept() bool {
	if e.gil == 0 {
		return false
	}
	switches, err := e.p.word(e.gil, e.p.Python.Offsets.GIL.SwitchNumber)
	return err == nil && switches == e.switches
}

// observeThreads: how often a thread was given a CPU is read first, then that
// it has none. It has none if it sleeps, or if it is on the CPU that the caller
// is bound to: the caller is what runs there.
func (e *evidence) observeThreads(tid, here int) {
	m := e.p.machine
	if tid <= 0 || !e.runners(tid) {
		return
	}
	given := make([]uint64, len(e.tids))
	for i, tid := range e.tids {
		var err error
		if given[i], err = m.slices(tid); err != nil {
			return
		}
		if !e.waitsOn(here, tid) && !m.sleeps(tid) {
			return
		}
	}
	e.slices = given
}

// waitsOn tells whether a thread is on the CPU that the caller is bound to.
func (e *evidence) waitsOn(here, tid int) bool {
	if here == noCPU {
		return false
	}
	cpu, err := e.p.machine.cpu(tid)
	return err == nil && cpu == here
}

// runners lists the threads that may run a thread state. The main
// interpreter's are each run by their own thread; those of another interpreter
// (up to 3.12) also by whoever calls run_string.
func (e *evidence) runners(tid int) bool {
	id, err := e.p.word(e.who.interp, e.p.Python.Offsets.Interpreter.ID)
	if err != nil {
		return false
	}
	e.tids = []int{tid}
	if id != 0 {
		e.all = true
		e.tids, err = e.p.machine.tids()
	}
	return err == nil && len(e.tids) <= mostRunners
}

// offCPU tells whether none of the threads was given a CPU.
func (e *evidence) offCPU() bool {
	if e.slices == nil {
		return false
	}
	for i, tid := range e.tids {
		if n, err := e.p.machine.slices(tid); err != nil || n != e.slices[i] {
			return false
		}
	}
	if !e.all {
		return true
	}
	tids, err := e.p.machine.tids()
	return err == nil && slices.Equal(tids, e.tids)
}

// Package stack reads what a CPython holds in a process's memory, while it
// runs: interpreters, threads, the GIL, Python frames, and the lines they are
// at. It stops nothing: what it reads may change meanwhile, and each function
// says what it makes of that.
package stack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"pytop/collect/cpython"
)

// ErrChanging says that what was read changed while it was read, each time.
var ErrChanging = errors.New("it changed while it was read")

// Bounds on what is walked: lists in memory that changes can have loops.
const (
	mostInterpreters = 4096
	mostThreads      = 65536
	mostFrames       = 4096
)

// Process is a CPython in a running process.
type Process struct {
	PID      int
	Python   *cpython.Python
	Runtime  uint64 // address of _PyRuntime in the process
	CodeType uint64 // address of PyCode_Type in the process

	machine machine

	codes map[uint64]*code
	kept  int // bytes in codes
}

// New makes a Process; bias is what is added to the file's addresses.
func New(pid int, python *cpython.Python, bias uint64) *Process {
	return &Process{
		PID: pid, Python: python, Runtime: python.Runtime + bias, CodeType: python.CodeType + bias,
		machine: &target{pid: pid}, codes: map[uint64]*code{},
	}
}

func (p *Process) read(at uint64, to []byte) error { return p.machine.read(at, to) }

func (p *Process) word(at uint64, offset uint32) (uint64, error) {
	var b [8]byte
	err := p.read(at+uint64(offset), b[:])
	return binary.LittleEndian.Uint64(b[:]), err
}

// Interpreter is an interpreter of a process: the main one, and sub-interpreters.
type Interpreter struct {
	Address uint64
	ID      int64
	GIL     uint64 // address of the GIL that it uses; 0: it has none yet
}

// Interpreters lists the interpreters, the newest first; none: Python has not
// started, or has ended.
func (p *Process) Interpreters() ([]Interpreter, error) {
	o := &p.Python.Offsets
	at, err := p.word(p.Runtime, o.Runtime.InterpretersHead)
	var list []Interpreter
	for ; err == nil && at != 0; at, err = p.word(at, o.Interpreter.Next) {
		i := Interpreter{Address: at}
		var id uint64
		if id, err = p.word(at, o.Interpreter.ID); err != nil {
			break
		}
		i.ID = int64(id)
		if o.Interpreter.CevalGIL == cpython.Absent {
			i.GIL = p.Runtime + uint64(o.Runtime.GIL)
		} else if i.GIL, err = p.word(at, o.Interpreter.CevalGIL); err != nil {
			break
		}
		if list = append(list, i); len(list) > mostInterpreters {
			return nil, fmt.Errorf("list the interpreters of process %d: %w", p.PID, ErrChanging)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the interpreters of process %d: %w", p.PID, err)
	}
	return list, nil
}

// GIL is what a GIL says of itself.
type GIL struct {
	Locked       bool
	LastHolder   uint64 // thread state
	SwitchNumber uint64
	Enabled      bool // false only in free-threaded builds; for good: also there it is for the moment of each import
}

// GIL reads the GIL at an address, at one instant.
func (p *Process) GIL(at uint64) (GIL, error) {
	o := &p.Python.Offsets.GIL
	b := make([]byte, o.SwitchNumber+8)
	if o.SwitchNumber > 256 {
		return GIL{}, fmt.Errorf("read the GIL of process %d: offset %d is out of bounds", p.PID, o.SwitchNumber)
	}
	if err := p.read(at, b); err != nil {
		return GIL{}, err
	}
	g := GIL{
		Locked:       int32(binary.LittleEndian.Uint32(b[o.Locked:])) > 0,
		LastHolder:   binary.LittleEndian.Uint64(b[o.LastHolder:]),
		SwitchNumber: binary.LittleEndian.Uint64(b[o.SwitchNumber:]),
		Enabled:      true,
	}
	if o.Enabled != cpython.Absent {
		g.Enabled = binary.LittleEndian.Uint32(b[o.Enabled:]) == math.MaxInt32
	}
	return g, nil
}

// Thread is a thread state.
type Thread struct {
	Address     uint64
	Interpreter int64 // ID
	// TID as the process's own PID namespace numbers it; 0: not told. Up to
	// 3.10 it is taken from glibc's description of the thread: check that
	// the process has such a thread.
	TID int
}

// pthreadTID is where glibc keeps the TID in what a pthread_t points to
// (struct pthread of nptl/descr.h, the same since 2.4 on x86-64).
const pthreadTID = 720

// Threads lists the thread states of an interpreter, the newest first.
func (p *Process) Threads(i Interpreter) ([]Thread, error) {
	o := &p.Python.Offsets
	at, err := p.word(i.Address, o.Interpreter.ThreadsHead)
	var list []Thread
	for ; err == nil && at != 0; at, err = p.word(at, o.Thread.Next) {
		var tid int
		if tid, err = p.ThreadTID(at); err != nil {
			break
		}
		if list = append(list, Thread{Address: at, Interpreter: i.ID, TID: tid}); len(list) > mostThreads {
			return nil, fmt.Errorf("list the threads of process %d: %w", p.PID, ErrChanging)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list the threads of process %d: %w", p.PID, err)
	}
	return list, nil
}

// ThreadTID is the TID of a thread state: see Thread.
func (p *Process) ThreadTID(state uint64) (int, error) {
	o := &p.Python.Offsets.Thread
	if o.NativeThreadID != cpython.Absent {
		tid, err := p.word(state, o.NativeThreadID)
		return int(int32(tid)), err
	}
	pthread, err := p.word(state, o.ThreadID)
	if err != nil || pthread == 0 {
		return 0, err
	}
	tid, err := p.word(pthread, pthreadTID)
	if err != nil {
		return 0, nil // another libc: not told
	}
	return int(int32(tid)), nil
}

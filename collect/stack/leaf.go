package stack

import (
	"encoding/binary"
	"errors"
	"fmt"

	"pytop/collect/cpython"
)

// State is a thread state, with what tells that its memory still is one.
type State struct {
	Address uint64
	GIL     uint64 // address of its interpreter's; 0: it has none yet
	interp  uint64
	thread  uint64
}

// States lists the thread states of all interpreters.
func (p *Process) States() ([]State, error) {
	interpreters, err := p.Interpreters()
	if err != nil {
		return nil, err
	}
	var list []State
	for _, i := range interpreters {
		threads, err := p.Threads(i)
		if err != nil {
			return nil, err
		}
		if len(list)+len(threads) > mostThreads {
			return nil, fmt.Errorf("list the threads of process %d: %w", p.PID, ErrChanging)
		}
		for _, t := range threads {
			if thread, err := p.word(t.Address, p.Python.Offsets.Thread.ThreadID); err == nil {
				list = append(list, State{t.Address, i.GIL, i.Address, thread})
			}
		}
	}
	return list, nil
}

// Leaf is the innermost frame of a thread, a Python function's or not.
type Leaf struct {
	Frame
	Address  uint64
	Previous uint64 // address of the caller's frame; 0: none
	owner    uint8
}

// mostHead bounds what is read at once, whatever offsets a file claims.
const mostHead = 4096

// Leaf reads the innermost frame of a thread: which it is, is read at one
// instant, what is in it after that. False: it runs no Python, or is no more.
func (p *Process) Leaf(s State) (Leaf, bool) {
	o := &p.Python.Offsets
	at, ok := p.current(s)
	cframe := at
	if o.Thread.CFrame != cpython.Absent && ok {
		var err error
		at, err = p.word(cframe, o.CFrame.CurrentFrame)
		ok = err == nil
	}
	if !ok || at == 0 || o.Frame.HeadSize() > mostHead {
		return Leaf{}, false
	}
	head := make([]byte, o.Frame.HeadSize())
	if p.read(at, head) != nil {
		return Leaf{}, false
	}
	l := Leaf{Address: at, Previous: binary.LittleEndian.Uint64(head[o.Frame.Previous:])}
	l.Code = binary.LittleEndian.Uint64(head[o.Frame.Executable:]) & p.Python.Traits.ExecutableMask
	if p.Python.Traits.LegacyFrame {
		l.Instruction = uint64(int64(int32(binary.LittleEndian.Uint32(head[o.Frame.Lasti:]))))
	} else {
		l.Instruction = binary.LittleEndian.Uint64(head[o.Frame.InstrPtr:])
		l.owner = head[o.Frame.Owner]
	}
	if o.Thread.CFrame != cpython.Absent { // it is on the C stack: what it said may have been of the next that lay there
		after, ok := p.current(s)
		return l, ok && after == cframe
	}
	return l, true
}

// current is the innermost frame of a thread state, in 3.11 and 3.12 its
// cframe; false: the memory is no longer that state.
func (p *Process) current(s State) (uint64, bool) {
	o := &p.Python.Offsets.Thread
	from := o.CFrame
	if from == cpython.Absent {
		from = o.CurrentFrame
	}
	size := max(o.Interp, o.ThreadID, from) + 8
	if size > mostHead {
		return 0, false
	}
	head := make([]byte, size)
	if p.read(s.Address, head) != nil {
		return 0, false
	}
	word := func(offset uint32) uint64 { return binary.LittleEndian.Uint64(head[offset:]) }
	return word(from), word(o.Interp) == s.interp && word(o.ThreadID) == s.thread
}

// Body is the part of a function's bytecode that runs only after its start has
// passed the eval loop's handler for that.
type Body struct{ after, end uint64 }

// Has tells whether a frame of the function is in it.
func (b Body) Has(l Leaf) bool {
	if b == (Body{}) { // up to 3.10: the eval loop has begun with it
		return int64(l.Instruction) >= 0
	}
	return l.Instruction > b.after && l.Instruction < b.end
}

// The bits of co_flags of functions that yield: throw() runs them on without a
// resume.
const yields = 0x20 | 0x80 | 0x200 // CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR

var errNotPlain = errors.New("it is no plain function's frame")

// Body reads where the body of a frame's function begins. It is an error when
// the function is no plain one, or when that cannot be told.
func (p *Process) Body(l Leaf) (Body, error) {
	const prefix = 64 // instructions: a function with more cells than that is not told
	o, t := &p.Python.Offsets, &p.Python.Traits
	size := max(o.Object.Type+16, o.Code.Flags+4)
	if !t.LegacyFrame {
		size = max(size, o.Code.CodeAdaptive+2*prefix)
	}
	if size > mostHead || l.owner != 0 {
		return Body{}, errNotPlain
	}
	head := make([]byte, size)
	if err := p.read(l.Code, head); err != nil {
		return Body{}, err
	}
	if binary.LittleEndian.Uint64(head[o.Object.Type:]) != p.CodeType || binary.LittleEndian.Uint32(head[o.Code.Flags:])&yields != 0 {
		return Body{}, errNotPlain
	}
	if t.LegacyFrame {
		return Body{}, nil
	}
	units := binary.LittleEndian.Uint64(head[o.Object.Type+8:]) // ob_size
	begin := l.Code + uint64(o.Code.CodeAdaptive)
	for i := range uint64(prefix) {
		if i >= units || units > maxBytecode/2 {
			break
		}
		if p.starts(head[uint64(o.Code.CodeAdaptive)+2*i]) {
			return Body{begin + 2*i, begin + 2*units}, nil
		}
	}
	return Body{}, errNotPlain
}

// starts tells whether an instruction is what a function starts with, or what
// a JIT has put in its place.
func (p *Process) starts(instruction byte) bool {
	o := &p.Python.Opcodes
	for _, resume := range o.Resume {
		if instruction == resume.Code {
			return true
		}
	}
	return o.Executor.Name != "" && instruction == o.Executor.Code
}

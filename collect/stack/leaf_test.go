package stack

import (
	"encoding/binary"
	"os"
	"testing"
	"unsafe"

	"pytop/collect/cpython"
)

// made is a thread state, a frame and a code object made up in the test's own
// memory, which is read as another process's.
type made struct {
	state, frame, code [256]byte
}

// memory does not move, as a goroutine's stack may.
var memory made

func (m *made) put(room []byte, at uint32, value uint64) {
	binary.LittleEndian.PutUint64(room[at:], value)
}

func where(room []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(room)))) }

const codeType = 0x7777

// madePython is a made-up CPython: MAKE_CELL is 9, RESUME 20, RESUME_CHECK 30.
func madePython() *cpython.Python {
	return &cpython.Python{
		Offsets: cpython.Offsets{
			Thread: cpython.ThreadOffsets{Interp: 16, ThreadID: 32, CurrentFrame: 24, CFrame: cpython.Absent},
			Frame:  cpython.FrameOffsets{Executable: 0, Previous: 8, InstrPtr: 56, Lasti: cpython.Absent, Owner: 70},
			Code:   cpython.CodeOffsets{Flags: 48, CodeAdaptive: 64},
			Object: cpython.ObjectOffsets{Type: 8},
		},
		Traits:  cpython.Traits{ExecutableMask: ^uint64(7)},
		Opcodes: cpython.Opcodes{Resume: []cpython.Opcode{{Code: 20, Name: "RESUME"}, {Code: 30, Name: "RESUME_CHECK"}}},
	}
}

func TestLeaf(t *testing.T) {
	m := &memory
	*m = made{}
	p := &Process{machine: &target{pid: os.Getpid()}, Python: madePython(), CodeType: codeType}
	state := State{Address: where(m.state[:]), interp: 5, thread: 6}
	m.put(m.state[:], 16, 5)
	m.put(m.state[:], 32, 6)
	if _, ok := p.Leaf(state); ok {
		t.Error("a thread without a frame has a leaf")
	}
	m.put(m.state[:], 24, where(m.frame[:]))
	m.put(m.frame[:], 0, where(m.code[:])|1) // tagged
	m.put(m.frame[:], 8, 0x1234)
	m.put(m.frame[:], 56, where(m.code[:])+64+6)
	leaf, ok := p.Leaf(state)
	if !ok || leaf.Code != where(m.code[:]) || leaf.Previous != 0x1234 || leaf.Address != where(m.frame[:]) {
		t.Errorf("%v %+v", ok, leaf)
	}
	for _, at := range []uint32{16, 32} { // freed, and another's since
		kept := m.state
		m.put(m.state[:], at, 99)
		if _, ok := p.Leaf(state); ok {
			t.Errorf("what is no longer that state has a leaf: %d", at)
		}
		m.state = kept
	}
	m.put(m.state[:], 24, 8) // no memory
	if _, ok := p.Leaf(state); ok {
		t.Error("a frame that cannot be read is a leaf")
	}
}

func TestBody(t *testing.T) {
	for _, c := range []struct {
		name     string
		flags    byte
		owner    byte
		typ      uint64
		bytecode []byte
		at       int // bytes from the bytecode's begin
		err, has bool
	}{
		{name: "past RESUME", bytecode: []byte{9, 0, 20, 0, 1, 0, 1, 0}, at: 4, has: true},
		{name: "past what it was specialised to", bytecode: []byte{30, 0, 1, 0}, at: 2, has: true},
		{name: "at RESUME", bytecode: []byte{9, 0, 20, 0, 1, 0}, at: 2},
		{name: "before it", bytecode: []byte{9, 0, 20, 0, 1, 0}, at: 0},
		{name: "behind the end", bytecode: []byte{20, 0, 1, 0}, at: 4},
		{name: "another function's instruction", bytecode: []byte{20, 0, 1, 0}, at: -4096},
		{name: "its oparg looks like it", bytecode: []byte{9, 20, 1, 0}, at: 2, err: true},
		{name: "RESUME behind the end", bytecode: []byte{9, 0}, at: 2, err: true},
		{name: "a generator", flags: 0x20, bytecode: []byte{20, 0, 1, 0}, at: 2, err: true},
		{name: "a coroutine", flags: 0x80, bytecode: []byte{20, 0, 1, 0}, at: 2, err: true},
		{name: "a generator's frame", owner: 1, bytecode: []byte{20, 0, 1, 0}, at: 2, err: true},
		{name: "no code object", typ: 1, bytecode: []byte{20, 0, 1, 0}, at: 2, err: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory
			*m = made{}
			m.put(m.code[:], 8, codeType+c.typ)
			m.put(m.code[:], 16, uint64(len(c.bytecode)/2))
			m.code[48] = c.flags
			copy(m.code[64:], c.bytecode)
			if c.name == "RESUME behind the end" {
				m.code[66] = 20
			}
			p := &Process{machine: &target{pid: os.Getpid()}, Python: madePython(), CodeType: codeType}
			leaf := Leaf{Frame: Frame{Code: where(m.code[:]), Instruction: where(m.code[64:]) + uint64(int64(c.at))}, owner: c.owner}
			body, err := p.Body(leaf)
			if (err != nil) != c.err || err == nil && body.Has(leaf) != c.has {
				t.Errorf("%v, has it: %v", err, body.Has(leaf))
			}
		})
	}
	begun, not := Leaf{}, Leaf{Frame: Frame{Instruction: ^uint64(0)}} // f_lasti 0 and -1
	if !(Body{}).Has(begun) || (Body{}).Has(not) {
		t.Error("up to 3.10 f_lasti tells that a function has begun")
	}
}

// TestKeep: what is remembered of code objects is bounded in bytes.
func TestKeep(t *testing.T) {
	p := &Process{codes: map[uint64]*code{}}
	for i := range 100 {
		p.keep(uint64(i%7), &code{table: make([]byte, 1<<20)}) // seven, again and again
	}
	if len(p.codes) != 7 || p.kept != 7<<20 {
		t.Errorf("%d kept, %d bytes", len(p.codes), p.kept)
	}
	for i := range 100 {
		p.keep(uint64(i), &code{table: make([]byte, 1<<20)})
		sum := 0
		for _, c := range p.codes {
			sum += c.bytes()
		}
		if sum != p.kept || sum > maxKept {
			t.Fatalf("%d bytes are kept, of %d known", sum, p.kept)
		}
	}
}

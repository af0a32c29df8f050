package stack

import (
	"encoding/binary"
	"fmt"
	"slices"

	"pytop/collect/cpython"
)

// Frame is a Python frame as it lies in memory.
type Frame struct {
	Code        uint64 // address of the code object
	Instruction uint64 // address of the running instruction; up to 3.10 f_lasti
}

// Place is where a frame is.
type Place struct {
	File     string
	Function string // qualname, up to 3.10 name
	First    int    // the function's first line
	Line     int    // the running line; 0: not known
}

// walk reads a thread's Python frames, the innermost first. Each is read at
// once, but not all at one instant: ErrChanging when one was none any more, with
// those before it.
func (p *Process) walk(state uint64, most int) ([]Frame, error) {
	o, t := &p.Python.Offsets, &p.Python.Traits
	at, err := p.top(state)
	if o.Frame.HeadSize() > mostHead {
		return nil, fmt.Errorf("walk frames: %d bytes are out of bounds", o.Frame.HeadSize())
	}
	head := make([]byte, o.Frame.HeadSize())
	var list []Frame
	for steps := 0; err == nil && at != 0 && len(list) < most; steps++ {
		if err = p.read(at, head); err != nil {
			break
		}
		owner := uint8(ownedByThread)
		if o.Frame.Owner != cpython.Absent {
			owner = head[o.Frame.Owner]
		}
		previous := binary.LittleEndian.Uint64(head[o.Frame.Previous:])
		if foreign := t.ForeignOwner > 0 && owner >= t.ForeignOwner; !foreign {
			f := Frame{Code: binary.LittleEndian.Uint64(head[o.Frame.Executable:]) & t.ExecutableMask}
			if t.LegacyFrame {
				f.Instruction = uint64(int64(int32(binary.LittleEndian.Uint32(head[o.Frame.Lasti:]))))
			} else {
				f.Instruction = binary.LittleEndian.Uint64(head[o.Frame.InstrPtr:])
			}
			list = append(list, f)
			// What has returned: a frame object that is freed, a frame that is
			// cleared, a generator that nobody runs. Its caller is not told any more.
			freed := t.LegacyFrame && binary.LittleEndian.Uint64(head) == 0
			if freed || f.Code == 0 || owner == ownedByGenerator && previous == 0 {
				return list, ErrChanging
			}
		}
		at = previous
		if steps > 2*mostFrames {
			err = ErrChanging
		}
	}
	return list, err
}

// Who a frame is owned by, from 3.11 on: enum _frameowner.
const (
	ownedByThread    = 0
	ownedByGenerator = 1
)

// top is the innermost frame of a thread state; 0: it runs no Python.
func (p *Process) top(state uint64) (uint64, error) {
	o := &p.Python.Offsets
	if o.Thread.CFrame == cpython.Absent {
		return p.word(state, o.Thread.CurrentFrame)
	}
	at, err := p.word(state, o.Thread.CFrame)
	if err != nil || at == 0 {
		return 0, err
	}
	return p.word(at, o.CFrame.CurrentFrame)
}

// Places says where frames are. A code object that is no longer one is an error.
func (p *Process) Places(frames []Frame) ([]Place, error) {
	places := make([]Place, len(frames))
	known := map[uint64]*code{} // functions call themselves
	for i, f := range frames {
		c := known[f.Code]
		if c == nil {
			var err error
			if c, err = p.code(f.Code); err != nil {
				return nil, err
			}
			known[f.Code] = c
		}
		places[i] = Place{File: c.file, Function: c.function, First: c.first, Line: p.line(c, f)}
	}
	return places, nil
}

// line is the line of a frame's running instruction; 0: not known.
func (p *Process) line(c *code, f Frame) int {
	o := &p.Python.Offsets.Code
	if p.Python.Traits.LegacyFrame {
		lasti := int64(f.Instruction)
		if lasti < 0 {
			return c.first
		}
		return p.Python.LineTable.Line(c.table, c.first, lasti)
	}
	offset := int64(f.Instruction - (c.address + uint64(o.CodeAdaptive)))
	if offset < 0 && offset >= -2 {
		return c.first // before the first instruction
	}
	if offset < 0 || offset > maxBytecode {
		return 0 // a free-threaded build's own copy of the bytecode
	}
	return p.Python.LineTable.Line(c.table, c.first, offset)
}

const (
	maxBytecode = 64 << 20
	maxTable    = 16 << 20 // bytes of a line table
	maxText     = 64 << 10 // bytes of a name
)

// code is what is known of a code object; head tells whether it is still the same.
type code struct {
	address        uint64
	head           []byte
	file, function string
	first          int
	table          []byte
}

// maxCodes and maxKept bound what is remembered, in number and in bytes.
const (
	maxCodes = 65536
	maxKept  = 64 << 20
)

// code reads a code object, or finds it as read before: then what it points to
// is the same.
func (p *Process) code(at uint64) (*code, error) {
	o := &p.Python.Offsets
	name := o.Code.Qualname
	if name == cpython.Absent {
		name = o.Code.Name
	}
	size := uint64(max(o.Code.Linetable, o.Code.Filename, name, o.Code.Firstlineno, o.Object.Type)) + 8
	if size > mostHead {
		return nil, fmt.Errorf("read a code object: %d bytes are out of bounds", size)
	}
	head := make([]byte, size)
	if err := p.read(at, head); err != nil {
		return nil, err
	}
	word := func(offset uint32) uint64 { return binary.LittleEndian.Uint64(head[offset:]) }
	if word(o.Object.Type) != p.CodeType {
		return nil, fmt.Errorf("%w: no code object at %#x", ErrChanging, at)
	}
	kept := slices.Clone(head)
	clear(kept[:o.Object.Type]) // reference counts
	if c := p.codes[at]; c != nil && slices.Equal(c.head, kept) {
		return c, nil
	}
	c := &code{address: at, head: kept, first: int(int32(binary.LittleEndian.Uint32(head[o.Code.Firstlineno:])))}
	var err error
	if c.file, err = p.Str(word(o.Code.Filename)); err != nil {
		return nil, err
	}
	if c.function, err = p.Str(word(name)); err != nil {
		return nil, err
	}
	if c.table, err = p.bytes(word(o.Code.Linetable)); err != nil {
		return nil, err
	}
	p.keep(at, c)
	return c, nil
}

func (p *Process) keep(at uint64, c *code) {
	if old := p.codes[at]; old != nil {
		p.kept -= old.bytes()
	}
	if p.kept += c.bytes(); len(p.codes) >= maxCodes || p.kept > maxKept {
		clear(p.codes)
		p.kept = c.bytes()
	}
	p.codes[at] = c
}

func (c *code) bytes() int { return len(c.head) + len(c.file) + len(c.function) + len(c.table) }

// Str reads a str.
func (p *Process) Str(at uint64) (string, error) {
	o := &p.Python.Offsets.Unicode
	head := make([]byte, max(o.Length, o.State)+8)
	if err := p.read(at, head); err != nil {
		return "", err
	}
	length := binary.LittleEndian.Uint64(head[o.Length:])
	state := binary.LittleEndian.Uint32(head[o.State:]) >> o.KindShift
	kind, begin := uint8(state&7), at+uint64(o.CompactSize)
	if state>>4&1 != 0 {
		begin = at + uint64(o.ASCIISize)
	}
	if kind != 1 && kind != 2 && kind != 4 {
		return "", fmt.Errorf("read a str at %#x: kind %d", at, kind)
	}
	length = min(length, maxText/uint64(kind))
	data := make([]byte, length*uint64(kind))
	if err := p.read(begin, data); err != nil {
		return "", err
	}
	return Text(data, kind, int(length)), nil
}

// bytes reads a bytes object: behind its type its length, its hash, its bytes.
func (p *Process) bytes(at uint64) ([]byte, error) {
	size, err := p.word(at, p.Python.Offsets.Object.Type+8)
	if err != nil {
		return nil, err
	}
	if size > maxTable {
		return nil, fmt.Errorf("%w: %d bytes at %#x", ErrChanging, size, at)
	}
	data := make([]byte, size)
	return data, p.read(at+uint64(p.Python.Offsets.Object.Type)+24, data)
}

// Innermost is the frame that a thread runs at this instant; false: it runs no
// Python.
func (p *Process) Innermost(state uint64) (Frame, bool, error) {
	list, err := p.walk(state, 1)
	if err != nil || len(list) == 0 {
		return Frame{}, false, err
	}
	return list[0], true, nil
}

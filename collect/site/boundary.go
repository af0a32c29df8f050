package site

import (
	"fmt"
	"slices"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// boundaries tells where instructions of a file begin. It starts where the file
// itself says that code begins, never where a plan says so: at functions, of
// which it reads no more than it needs, and at the opcodes' handlers.
type boundaries struct {
	file   *elf.File
	python *cpython.Python // nil: the handlers are not asked
	swept  map[uint64]*sweep
	walked map[uint64]*marks
	whole  *marks // from the handlers; nil: not walked yet
}

func newBoundaries(f *elf.File) *boundaries {
	return &boundaries{file: f, swept: map[uint64]*sweep{}, walked: map[uint64]*marks{}}
}

// check says why it is not proven that an instruction begins at an address; nil:
// it is. One after the other are asked: the instructions of its function from
// the first byte on, as .eh_frame has it; the ways that lead there from the
// beginning of that function, or of the exported one; the ways from the
// handlers of all opcodes.
func (b *boundaries) check(address uint64) error {
	code, described := b.file.CodeAt(address)
	if described {
		s, err := b.sweep(code)
		if err != nil {
			return fmt.Errorf("site %#x: %w", address, err)
		}
		if address < s.end {
			k, begins := slices.BinarySearch(s.starts, address)
			if !begins {
				return fmt.Errorf("site %#x: in the middle of the instruction at %#x", address, s.starts[k-1])
			}
			return nil
		}
		if ok, err := b.leads(code, address); ok || err != nil {
			return err
		}
	}
	if e, ok := b.file.Exported(address); ok {
		if ok, err := b.leads(elf.Code{Start: e.Address, End: e.Address + e.Size}, address); ok || err != nil {
			return err
		}
	}
	if ok, err := b.handled(address); ok || err != nil {
		return err
	}
	return fmt.Errorf("site %#x: nothing proves that an instruction begins there", address)
}

// window is the text of one function alone. What it calls is taken to return.
func (b *boundaries) window(code elf.Code) (*text, error) {
	set := isaOf(b.file.Machine())
	if set == nil || code.End <= code.Start || code.End-code.Start > mostSwept {
		return nil, fmt.Errorf("the function at %#x has %d bytes", code.Start, code.End-code.Start)
	}
	body, err := b.file.Read(code.Start, code.End-code.Start)
	if err != nil {
		return nil, err
	}
	return &text{file: b.file, isa: set, parts: []part{{code.Start, body}}, lowest: code.Start, end: code.End, alone: true}, nil
}

// sweep reads a function's instructions one after the other, once.
func (b *boundaries) sweep(code elf.Code) (*sweep, error) {
	if s := b.swept[code.Start]; s != nil {
		return s, nil
	}
	t, err := b.window(code)
	if err != nil {
		return nil, err
	}
	b.swept[code.Start] = t.sweep(code.Start, code.End)
	return b.swept[code.Start], nil
}

// leads tells whether a way through a function leads to an address, from where
// it begins.
func (b *boundaries) leads(code elf.Code, address uint64) (bool, error) {
	seen := b.walked[code.Start]
	if seen == nil {
		t, err := b.window(code)
		if err != nil {
			return false, fmt.Errorf("site %#x: %w", address, err)
		}
		seen = newMarks(t)
		t.walk([]uint64{code.Start}, seen.add)
		b.walked[code.Start] = seen
	}
	return seen.has(address), nil
}

// handled tells whether a way leads to an address from the handler of an
// opcode, or from one of the functions that the finder begins with.
func (b *boundaries) handled(address uint64) (bool, error) {
	if b.python == nil {
		return false, nil
	}
	if b.whole == nil {
		t, err := openText(b.file)
		if err != nil {
			return false, err
		}
		roots := []uint64{b.python.EvalFrame}
		if entry, ok := b.file.Pointer(b.python.CodeType + uint64(b.python.Offsets.Type.Dealloc)); ok {
			roots = append(roots, entry)
		}
		if !b.python.Traits.LegacyFrame {
			table, err := findTable(b.file, t, b.python.Opcodes)
			if err != nil {
				return false, err
			}
			roots = append(roots, table.handlers[:]...)
		}
		b.whole = newMarks(t)
		t.walk(roots, b.whole.add)
	}
	return b.whole.has(address), nil
}

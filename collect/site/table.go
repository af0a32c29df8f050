package site

import (
	"encoding/binary"
	"fmt"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

var le = binary.LittleEndian

// table is the eval loop's dispatch table: which code runs for which opcode.
type table struct {
	address  uint64
	handlers [256]uint64
	offsets  bool // of 32 bits, relative to the table: a compiled switch, no computed gotos
}

// shape tells whether 256 handlers can be those of a version: all undefined
// opcodes share one address that (almost) no other opcode has, each of the
// RESUME family has one of its own, and so have nearly all others.
func (t *table) shape(o cpython.Opcodes) bool {
	unknown, n := t.handlers[o.Undefined[0]], 0
	for _, h := range t.handlers {
		if h == unknown {
			n++
		}
	}
	const folded = 3 // compilers give CACHE and RESERVED, which never run, the same address
	if n < len(o.Undefined) || n > len(o.Undefined)+folded {
		return false
	}
	for _, c := range o.Undefined {
		if t.handlers[c] != unknown {
			return false
		}
	}
	count := make(map[uint64]int, len(t.handlers))
	for _, h := range t.handlers {
		count[h]++
	}
	for _, r := range o.Resume {
		if count[t.handlers[r.Code]] != 1 {
			return false
		}
	}
	const alike = 10 // handlers of equal code may be merged
	return len(count) >= len(t.handlers)-len(o.Undefined)-alike
}

// findTable finds the one table that has the shape.
func findTable(f *elf.File, text *text, o cpython.Opcodes) (*table, error) {
	found, err := findGotos(f, text, o)
	if err == nil && len(found) == 0 {
		found, err = findSwitch(f, text, o)
	}
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, &Error{Found: fmt.Sprintf("%d tables of 256 handlers", len(found)), Missing: "exactly one opcode table"}
	}
	return found[0], nil
}

// findGotos finds tables of 64-bit addresses: those that the dynamic linker
// relocates, or, in a file with fixed addresses, words as they are.
func findGotos(f *elf.File, text *text, o cpython.Opcodes) ([]*table, error) {
	var found []*table
	relocations, err := f.Relocations()
	if err != nil {
		return nil, err
	}
	var run []uint64
	add := func(address, value uint64) {
		if !text.holds(value) {
			run = run[:0]
			return
		}
		if run = append(run, value); len(run) < 256 {
			return
		}
		t := &table{address: address - 255*8}
		copy(t.handlers[:], run[len(run)-256:])
		if t.quick(o) && t.shape(o) {
			found = append(found, t)
		}
	}
	last := uint64(0)
	for _, r := range relocations {
		if r.Address != last+8 {
			run = run[:0]
		}
		last = r.Address
		add(r.Address, r.Value)
	}
	if !f.Fixed() {
		return found, nil
	}
	for i, s := range f.Segments() {
		if s.Executable && s.Writable {
			continue
		}
		b, err := f.Bytes(i)
		if err != nil {
			return nil, err
		}
		run = run[:0]
		for at := -s.Address & 7; at+8 <= uint64(len(b)); at += 8 {
			add(s.Address+at, le.Uint64(b[at:]))
		}
	}
	return found, nil
}

// quick refuses most of what is not a table without counting.
func (t *table) quick(o cpython.Opcodes) bool {
	u := t.handlers[o.Undefined[0]]
	return u == t.handlers[o.Undefined[1]] && u == t.handlers[o.Undefined[len(o.Undefined)-1]] && u != t.handlers[o.Resume[0].Code]
}

// findSwitch finds tables of 256 offsets of 32 bits relative to the table.
// clang 14 numbers its cases from -128, which rotates the table by half.
func findSwitch(f *elf.File, text *text, o cpython.Opcodes) ([]*table, error) {
	const size = 256 * 4
	var found []*table
	for i, s := range f.Segments() {
		if s.Writable {
			continue
		}
		b, err := f.Bytes(i)
		if err != nil {
			return nil, err
		}
		for at := -s.Address & 3; at+size <= uint64(len(b)); at += 4 {
			for _, rotated := range []int{0, 128} {
				entry := func(c int) uint64 {
					return s.Address + at + uint64(int64(int32(le.Uint32(b[at+uint64(4*((c+rotated)&255)):]))))
				}
				u := entry(int(o.Undefined[0]))
				if u != entry(int(o.Undefined[1])) || u != entry(int(o.Undefined[len(o.Undefined)-1])) || !text.holds(u) {
					continue
				}
				t := &table{address: s.Address + at, offsets: true}
				inside := true
				for c := range t.handlers {
					t.handlers[c] = entry(c)
					inside = inside && text.holds(t.handlers[c])
				}
				if inside && t.shape(o) {
					found = append(found, t)
				}
			}
		}
	}
	return found, nil
}

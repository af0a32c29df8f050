package site

import (
	"cmp"
	"slices"
)

// state is what is known before an instruction, whichever way it was reached.
type state struct {
	registers [mostRegisters]value
	flags     verdict
	cells     []cell // the stack, by offset; shared: copied when changed
	lost      bool   // nothing is known of the stack any more
	facts     facts
}

// facts are true on every way to an instruction.
type facts uint8

const (
	stored     facts = 1 << iota // the frame tells the running instruction's address
	pushed                       // up to 3.10: the frame is the thread's current one: the recursion check is past
	notThrown                    // up to 3.10: throwflag is zero
	lastiWhole                   // up to 3.10: f_lasti is as it was at the start
)

// verdict is what the flags tell: whether a value is zero or equals a constant.
type verdict struct {
	of value // unknown: nothing
	to value // unknown: zero
}

// cell is what four bytes of the stack hold. One that is not listed holds what
// it held at the entry.
type cell struct {
	offset int32 // from the stack pointer at the entry
	part   part4
	holds  value
}

type part4 uint8

const (
	alone part4 = iota // all there is: 32 bits
	lower              // the lower half of holds
	upper              // its upper half
)

// mostCells bounds what is known of one stack: nothing is known of further ones.
const mostCells = 512

func (s *state) cell(offset int64) (cell, bool) {
	i, ok := slices.BinarySearchFunc(s.cells, offset, compareCell)
	if !ok {
		return cell{}, false
	}
	return s.cells[i], true
}

func compareCell(a cell, o int64) int { return cmp.Compare(int64(a.offset), o) }

// peek is what size bytes of the stack at an offset hold.
func (s *state) peek(v *values, stack value, offset int64, size uint8) value {
	low, ok := s.cell(offset)
	switch {
	case size == 4 && ok && low.part == alone:
		return low.holds
	case size == 4 && ok && low.part == lower:
		return v.low(low.holds)
	case size != 8:
		return unknown
	}
	if s.lost && !ok {
		return unknown
	}
	high, too := s.cell(offset + 4)
	switch {
	case ok && too && low.part == lower && high.part == upper && low.holds == high.holds:
		return low.holds
	case !ok && !too && offset&7 == 0:
		return v.load(stack, offset)
	}
	return unknown
}

// poke notes that size bytes of the stack at an offset hold something.
func (s *state) poke(offset int64, size uint8, holds value) {
	if offset != int64(int32(offset)) {
		return
	}
	first, end := offset&^3, offset+int64(size)
	fresh := make([]cell, 0, 4)
	for at := first; at < end; at += 4 {
		c := cell{offset: int32(at)}
		if offset == first && size == 4 {
			c.holds = holds
		} else if offset == first && size == 8 {
			c.holds, c.part = holds, lower
			if at > first {
				c.part = upper
			}
		}
		fresh = append(fresh, c)
	}
	i, _ := slices.BinarySearchFunc(s.cells, first, compareCell)
	j, _ := slices.BinarySearchFunc(s.cells, end, compareCell)
	if len(s.cells) > mostCells && j == i {
		s.forgetStack()
		return
	}
	s.cells = slices.Concat(s.cells[:i:i], fresh, s.cells[j:])
}

// forgetStack makes all of the stack unknown.
func (s *state) forgetStack() { s.lost, s.cells = true, nil }

// join keeps in s what is also true in o; true: s changed.
func (s *state) join(o *state) bool {
	changed := false
	for r := range s.registers {
		if s.registers[r] != o.registers[r] && s.registers[r] != unknown {
			s.registers[r], changed = unknown, true
		}
	}
	if s.flags != o.flags && s.flags != (verdict{}) {
		s.flags, changed = verdict{}, true
	}
	if both := s.facts & o.facts; both != s.facts {
		s.facts, changed = both, true
	}
	if o.lost && !s.lost {
		s.forgetStack()
		changed = true
	}
	switch {
	case slices.Equal(s.cells, o.cells):
	case s.lost:
		changed = changed || len(s.cells) > 0
		s.cells = nil
	default:
		changed = s.joinCells(o.cells) || changed
	}
	return changed
}

// joinCells merges two sorted lists: where they differ, nothing is known.
func (s *state) joinCells(other []cell) bool {
	changed := false
	merged := make([]cell, 0, len(s.cells)+4)
	mine := s.cells
	for len(mine) > 0 || len(other) > 0 {
		switch {
		case len(other) == 0 || len(mine) > 0 && mine[0].offset < other[0].offset:
			c := cell{offset: mine[0].offset}
			changed = changed || mine[0] != c
			merged, mine = append(merged, c), mine[1:]
		case len(mine) == 0 || other[0].offset < mine[0].offset:
			changed = true
			merged, other = append(merged, cell{offset: other[0].offset}), other[1:]
		default:
			c := mine[0]
			if c != other[0] {
				c = cell{offset: c.offset}
				changed = changed || c != mine[0]
			}
			merged, mine, other = append(merged, c), mine[1:], other[1:]
		}
	}
	s.cells = merged
	return changed
}

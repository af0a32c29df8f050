package site

import (
	"fmt"
	"slices"
	"sort"
)

// sweep is a function's instructions one after the other from its first byte,
// which .eh_frame tells. That they are what runs is believed as far as all of
// them are instructions and no jump of the function goes between two of them.
type sweep struct {
	starts []uint64
	end    uint64 // how far it goes
}

// mostSwept bounds a function: CPython's eval loop has some 100 KB.
const mostSwept = 16 << 20

func (t *text) sweep(start, end uint64) *sweep {
	s := &sweep{end: start}
	if end-start > mostSwept {
		return s
	}
	var targets []uint64
	for at := start; at < end; {
		i := t.decode(at)
		if i.size == 0 || i.next() > end || i.flow == stops && t.stop(at) != never {
			break
		}
		s.starts = append(s.starts, at)
		if (i.flow == jumps || i.flow == branches || i.flow == calls) && i.target >= start && i.target < end {
			targets = append(targets, i.target)
		}
		at = i.next()
		s.end = at
	}
	for _, to := range targets {
		if _, ok := slices.BinarySearch(s.starts, to); !ok && to < s.end {
			return &sweep{end: start}
		}
	}
	return s
}

// instruction finds the instruction that has the four bytes at an address
// within it, and by them leads to another. Not known: they belong to two, or
// are something else than a distance. An error: there is no proof of either.
func (c *callers) instruction(at, to uint64, name string) (_ instruction, known bool, err error) {
	if to >= at && to < at+4 { // into itself: linkers' tables of stubs have many such, of the end of one and the beginning of the next
		return instruction{}, false, nil
	}
	fn, ok := c.text.file.CodeAt(at)
	if !ok {
		return instruction{}, false, &Error{Found: fmt.Sprintf("what may be a use of %s before %#x", name, at+4), Missing: "the function that it is in"}
	}
	s := c.swept[fn.Start]
	if s == nil {
		s = c.text.sweep(fn.Start, fn.End)
		c.swept[fn.Start] = s
	}
	if s.end < min(at+4, fn.End) {
		return instruction{}, false, &Error{
			Found:   fmt.Sprintf("what may be a use of %s before %#x in the function at %#x", name, at+4, fn.Start),
			Missing: fmt.Sprintf("its instructions from %#x on", s.end),
		}
	}
	k := sort.Search(len(s.starts), func(k int) bool { return s.starts[k] > at }) - 1
	i := c.text.decode(s.starts[k])
	return i, i.next() >= at+4 && c.text.isa.leads(i.address, c.text.at(i.address), to), nil
}

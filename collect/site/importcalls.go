package site

import (
	"cmp"
	"fmt"
	"slices"

	"pytop/collect/elf"
)

// Callers finds the instructions of a file that call functions of other files:
// one list a name, by address. It has found them all, and each is proven to be
// an instruction that the kernel emulates, with the function's arguments where
// it finds them: a call, a jump or a branch to a stub. Where a function is used
// in another way (called through a pointer, or its address taken), or where a
// proof is missing, it returns an *Error that says so.
func Callers(f *elf.File, names ...string) ([][]Site, error) {
	t, err := openText(f)
	if err != nil {
		return nil, err
	}
	if t.isa.relatives == nil {
		return nil, &Error{Found: "instructions for " + f.Machine().String(), Missing: "how they call other files' functions"}
	}
	c := &callers{text: t, names: names, slots: map[uint64]int{}, stubs: map[uint64]int{}, swept: map[uint64]*sweep{}, found: make([][]Site, len(names))}
	if err := c.findSlots(); err != nil {
		return nil, err
	}
	for _, pass := range []func() error{c.findStubs, c.findCalls} {
		if err := pass(); err != nil {
			return nil, err
		}
	}
	for n, name := range names {
		if len(c.found[n]) == 0 {
			return nil, &Error{Found: "no call of " + name, Missing: "one at least"}
		}
		slices.SortFunc(c.found[n], func(a, b Site) int { return cmp.Compare(a.Address, b.Address) })
		if err := ValidateSites(f, c.found[n]); err != nil {
			return nil, err
		}
	}
	return c.found, nil
}

// callers is one Callers. Functions are told by their index in names.
type callers struct {
	text  *text
	names []string
	slots map[uint64]int // of the global offset table, by address
	stubs map[uint64]int // which jump through a slot, by each address where they may be entered
	swept map[uint64]*sweep
	found [][]Site
}

// findSlots finds where the functions' addresses are kept.
func (c *callers) findSlots() error {
	for n, name := range c.names {
		if _, own := c.text.file.Symbol(name); own {
			return &Error{Found: name + " in the file itself", Missing: "a libc of its own file"}
		}
		slots, others, err := c.text.file.ImportsOf(name)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return &Error{Found: fmt.Sprintf("a pointer to %s at %#x", name, others[0]), Missing: "who calls it through that"}
		}
		if len(slots) == 0 {
			return &Error{Found: "no slot for " + name, Missing: "a use of another file's"}
		}
		for _, s := range slots {
			c.slots[s] = n
		}
	}
	return nil
}

// findStubs looks at all that may name a slot: only stubs may.
func (c *callers) findStubs() error {
	return c.each(c.slots, func(at, slot uint64) error {
		if entries := c.text.isa.stub(c.text, at); entries != nil && c.isStub(entries[len(entries)-1]) {
			for _, e := range entries {
				c.stubs[e] = c.slots[slot]
			}
			return nil
		}
		i, known, err := c.instruction(at, slot, c.names[c.slots[slot]])
		if err != nil || !known {
			return err
		}
		return c.refuse(i, c.names[c.slots[slot]])
	})
}

// isStub tells whether a jump through a slot, entered at an address, is a
// function of its own or one of many in a linker's table, rather than the end of
// a function that calls so. Tables are described as a whole (ld) or not at all
// (lld), and their entries are aligned.
func (c *callers) isStub(entry uint64) bool {
	fn, ok := c.text.file.CodeAt(entry)
	if !ok {
		return entry%8 == 0
	}
	return c.text.isa.stubTable(c.text.at(fn.Start))
}

// findCalls looks at all that may name a stub: only calls and jumps may.
func (c *callers) findCalls() error {
	return c.each(c.stubs, func(at, stub uint64) error {
		n := c.stubs[stub]
		i, known, err := c.instruction(at, stub, c.names[n])
		if err != nil || !known {
			return err
		}
		site := Site{Address: i.address, Code: None, Frame: None, Next: None, Throw: None}
		switch {
		case i.target != stub || !i.cheap:
			return c.refuse(i, c.names[n])
		case i.flow == branches: // clang makes them of "if (…) return f(…)"
			site.When, site.Condition = IfTaken, i.condition
		case i.flow != calls && i.flow != jumps:
			return c.refuse(i, c.names[n])
		}
		c.found[n] = append(c.found[n], c.text.finish(site))
		return nil
	})
}

func (c *callers) refuse(i instruction, name string) error {
	return &Error{
		Found:   fmt.Sprintf("%q at %#x, which uses %s", c.text.isa.disassemble(i.address, c.text.at(i.address)), i.address, name),
		Missing: "a call, a jump or a branch to a stub instead",
	}
}

// each calls do with the address of every distance in the text that leads to a
// wanted address, until it returns an error.
func (c *callers) each(wanted map[uint64]int, do func(at, to uint64) error) error {
	if len(wanted) == 0 {
		return nil
	}
	low, high := ^uint64(0), uint64(0)
	for a := range wanted {
		low, high = min(low, a), max(high, a)
	}
	for _, p := range c.text.parts {
		for _, r := range c.text.isa.relatives(p, low, high) {
			if _, ok := wanted[r.to]; !ok {
				continue
			}
			if err := do(r.at, r.to); err != nil {
				return err
			}
		}
	}
	return nil
}

// relative is a distance in the text, and what it leads to if it is one.
type relative struct{ at, to uint64 }

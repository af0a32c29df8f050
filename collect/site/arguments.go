package site

import (
	"bytes"
	"fmt"

	"pytop/collect/elf"
)

// FindPrologue finds where in a function's beginning a probe goes: the first
// instruction that the kernel emulates, passed by every call exactly once,
// with the first argument still in its register.
func FindPrologue(f *elf.File, s elf.Symbol) (Site, error) {
	const most, reach = 16, 4096 // instructions before it; bytes of the function that may jump back to it
	refuse := func(missing string) (Site, error) {
		return Site{}, &Error{Found: fmt.Sprintf("the function at %#x", s.Address), Missing: missing}
	}
	size := s.Size
	if size == 0 || size > reach {
		size = reach
	}
	body, err := f.Read(s.Address, size)
	for ; err != nil && size > 64; body, err = f.Read(s.Address, size) {
		size /= 2 // it may lie at its segment's end
	}
	if err != nil {
		return Site{}, fmt.Errorf("find probe sites: %w", err)
	}
	at := uint64(0)
	for range most {
		if at >= size {
			break
		}
		i := decode(s.Address+at, body[at:])
		if i.cheap && i.flow != calls {
			if passedAgain(s.Address, body, s.Address+at) {
				return refuse("a cheap instruction that is passed once")
			}
			offset, ok := f.Offset(i.address)
			if !ok {
				return refuse("its place in the file")
			}
			b := bytes.Clone(body[at : at+uint64(i.size)])
			return Site{Address: i.address, Offset: offset, Bytes: b, Text: disassemble(i.address, b), Cheap: true, Code: None, Frame: None, Next: None, Throw: None}, nil
		}
		to := i.to.kind == inRegister && i.to.register == rdi && i.effect != tests && i.effect != compares
		if i.flow != straight || to || i.clobbers&(1<<rdi) != 0 {
			break
		}
		at += uint64(i.size)
	}
	return refuse("a cheap instruction before the first argument is gone")
}

// passedAgain tells whether a function may jump back to one of its first
// instructions, at site or before it.
func passedAgain(start uint64, body []byte, site uint64) bool {
	for at := 0; at < len(body); {
		i := decode(start+uint64(at), body[at:])
		if (i.flow == jumps || i.flow == branches) && i.target >= start && i.target <= site {
			return true
		}
		at += max(1, int(i.size))
	}
	return false
}

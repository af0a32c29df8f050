package site

import (
	"bytes"

	"golang.org/x/arch/x86/x86asm"
)

// relatives: see isa. Four bytes count from what follows them.
func relatives(p part, low, high uint64) (found []relative) {
	for at := 0; at+4 <= len(p.bytes); at++ {
		address := p.address + uint64(at)
		to := address + 4 + uint64(int64(int32(le.Uint32(p.bytes[at:]))))
		if to-low <= high-low {
			found = append(found, relative{address, to})
		}
	}
	return found
}

var (
	endbr64  = []byte{0xf3, 0x0f, 0x1e, 0xfa}
	bnd      = []byte{0xf2}
	jumpSlot = []byte{0xff, 0x25} // jmp *distance(%rip)
	pushSlot = []byte{0xff, 0x35} // push distance(%rip)
)

// stub: see isa. jmp *slot(%rip), before it maybe bnd, before that maybe endbr64.
func stub(t *text, at uint64) []uint64 {
	entry := at - uint64(len(jumpSlot))
	if !bytes.HasPrefix(t.at(entry), jumpSlot) {
		return nil
	}
	entries := []uint64{entry}
	for _, prefix := range [][]byte{bnd, endbr64} {
		if before := entry - uint64(len(prefix)); bytes.HasPrefix(t.at(before), prefix) {
			entry = before
			entries = append(entries, entry)
		}
	}
	return entries
}

// stubTable: see isa. ld's first entry leads to the dynamic linker, where there
// is one for that.
func stubTable(b []byte) bool {
	b = bytes.TrimPrefix(bytes.TrimPrefix(b, endbr64), bnd)
	return bytes.HasPrefix(b, jumpSlot) || bytes.HasPrefix(b, pushSlot)
}

// leads: see isa. What x86asm does not know may lead anywhere.
func leads(address uint64, b []byte, to uint64) bool {
	in, err := x86asm.Decode(b[:min(len(b), 15)], 64)
	if err != nil {
		return true
	}
	next := address + uint64(in.Len)
	for _, a := range in.Args {
		switch a := a.(type) {
		case x86asm.Rel:
			return next+uint64(int64(a)) == to
		case x86asm.Mem:
			if a.Base == x86asm.RIP {
				return next+uint64(int64(int32(a.Disp))) == to // x86asm does not extend the sign of 32 bits
			}
		}
	}
	return false
}

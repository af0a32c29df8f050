package site

import (
	"bytes"

	"golang.org/x/arch/x86/x86asm"
)

// disassemble writes an instruction as objdump does.
func disassemble(address uint64, b []byte) string {
	in, err := x86asm.Decode(b, 64)
	if err != nil {
		return "endbr64 or unknown"
	}
	return x86asm.GNUSyntax(in, address, nil)
}

// references: see isa. In 32 bits as it is, or relative to themselves.
func references(t *text, family map[uint64]bool) []uint64 {
	var found []uint64
	for _, p := range t.parts {
		for h := range family {
			if h != uint64(uint32(h)) {
				continue
			}
			var want [4]byte
			le.PutUint32(want[:], uint32(h))
			for at := 0; ; at++ {
				n := bytes.Index(p.bytes[at:], want[:])
				if n < 0 {
					break
				}
				at += n
				found = append(found, t.namers(p, at, h)...)
			}
		}
		found = append(found, t.leas(p, family)...)
	}
	return found
}

// namers are the instructions that may have the constant h in the four bytes
// at an offset of a part: compares and moves that end there.
func (t *text) namers(p part, at int, h uint64) []uint64 {
	var found []uint64
	for k := 1; k <= 9 && k <= at; k++ {
		start := p.address + uint64(at-k)
		i := decode(start, p.bytes[at-k:])
		if int(i.size) == k+4 && (i.effect == compares || i.effect == moves) && i.from.kind == isConstant && uint64(i.from.constant) == h {
			found = append(found, start)
		}
	}
	return found
}

// leas are the instructions that load an address of a family relative to
// themselves: REX.W 8d /r with modrm 00 reg 101.
func (t *text) leas(p part, family map[uint64]bool) []uint64 {
	var found []uint64
	for at := 1; at+6 <= len(p.bytes); at++ {
		n := bytes.IndexByte(p.bytes[at:], 0x8d)
		if n < 0 || at+n+6 > len(p.bytes) {
			break
		}
		at += n
		if p.bytes[at-1]&0xfb != 0x48 || p.bytes[at+1]&0xc7 != 0x05 {
			continue
		}
		end := p.address + uint64(at) + 6
		if family[end+uint64(int64(int32(le.Uint32(p.bytes[at+2:]))))] {
			found = append(found, p.address+uint64(at)-1)
		}
	}
	return found
}

// stores are the instructions that write a 64-bit register to memory at an
// offset of one byte: REX.W 89 /r with modrm 01.
func stores(t *text, offset int64) []uint64 {
	var found []uint64
	if offset != int64(int8(offset)) {
		return nil
	}
	for _, p := range t.parts {
		for at := 3; at < len(p.bytes); at++ {
			n := bytes.IndexByte(p.bytes[at:], byte(offset))
			if n < 0 {
				break
			}
			at += n
			b, start := p.bytes, -1
			switch {
			case b[at-2] == 0x89 && b[at-1]&0xc0 == 0x40 && b[at-1]&7 != 4 && b[at-3]&0xf8 == 0x48:
				start = at - 3
			case at >= 4 && b[at-3] == 0x89 && b[at-2]&0xc7 == 0x44 && b[at-4]&0xf8 == 0x48:
				start = at - 4
			}
			if start >= 0 {
				found = append(found, p.address+uint64(start))
			}
		}
	}
	return found
}

package site

// decodeVector knows the length of VEX and EVEX instructions. Those that
// write general registers do so in modrm.reg or vvvv (BMI), a few that take
// something out of a vector in modrm.rm, vector stores to memory: all are taken
// as written.
func decodeVector(address uint64, b []byte) (instruction, bool) {
	i := instruction{address: address}
	var at int
	var m, reg, vvvv, rm byte
	switch b[0] {
	case 0xc5:
		at, m, reg, vvvv = 2, 1, ^b[1]>>4&8, ^b[1]>>3&15
	case 0xc4:
		at, m, reg, vvvv, rm = 3, b[1]&31, ^b[1]>>4&8, ^b[2]>>3&15, ^b[1]>>2&8
	default:
		if len(b) < 5 || b[1]&0x08 != 0 || b[2]&0x04 == 0 {
			return i, false
		}
		at, m, reg, vvvv, rm = 4, b[1]&7, ^b[1]>>4&8, ^b[2]>>3&15, ^b[1]>>2&8
	}
	if len(b) < at+2 || m == 0 {
		return i, false
	}
	op, modrm := b[at], b[at+1]
	if m == 1 && op == 0x77 { // vzeroupper has no operands
		i.size = uint8(at + 1)
		return i, true
	}
	n := at + 2
	i.clobbers = 1<<(reg|modrm>>3&7) | 1<<vvvv
	if modrm>>6 == 3 && takesOut(m, op) {
		i.clobbers |= 1 << (rm | modrm&7)
	}
	if modrm>>6 != 3 {
		base := modrm & 7
		if base == 4 {
			if len(b) <= n {
				return i, false
			}
			base = b[n] & 7
			n++
		}
		switch {
		case modrm>>6 == 1:
			n++
		case modrm>>6 == 2, base == 5:
			n += 4
		}
		// Where exactly it writes is not decoded: everything on the stack may change.
		i.effect, i.width = writes, 255
		i.to = operand{kind: inMemory, base: rsp, index: rsp}
	}
	if m == 3 || m == 1 && (op >= 0x70 && op <= 0x73 || op == 0xc2 || op >= 0xc4 && op <= 0xc6) {
		n++ // an immediate byte
	}
	if n > len(b) || n > 15 {
		return i, false
	}
	i.size = uint8(n)
	i.clobbers &^= 1 << rsp
	return i, true
}

// takesOut tells whether an instruction writes what it takes out of a vector to
// modrm.rm: vmovd, vmovq and vmovw, vpextr and vextractps.
func takesOut(m, op byte) bool {
	return (m == 1 || m == 5) && op == 0x7e || m == 3 && op >= 0x14 && op <= 0x17
}

package site

// decodeMemoryARM64: loads and stores.
func (i *instruction) decodeMemoryARM64(w word) {
	switch {
	case w.is(0x3a000000, 0x28000000):
		i.decodePairARM64(w)
	case w.is(0x3b000000, 0x39000000): // at a scaled offset
		i.decodeTransferARM64(w, memoryARM64(w.rn(), int64(w.field(10, 12))<<w.scale()))
	case w.is(0x3b200000, 0x38000000): // at an offset, the base maybe changed
		o := memoryARM64(w.rn(), w.signed(12, 9))
		switch w.field(10, 2) {
		case 1: // afterwards
			i.bump, o.constant = o.constant, 0
		case 3: // before: the access is there, too
			i.bump = o.constant
		}
		i.decodeTransferARM64(w, o)
	case w.is(0x3b200c00, 0x38200800): // at an index
		o := operand{kind: inMemory, base: w.rn(), index: w.rm(), scale: 1}
		if w.field(12, 1) != 0 {
			o.scale = 1 << w.scale()
		}
		i.decodeTransferARM64(w, o)
	case w.is(0x3f000000, 0x08000000):
		i.decodeExclusiveARM64(w)
	case w.is(0x3b200c00, 0x38200000): // ldadd, swp…
		i.clobber(w.rd())
		i.effect, i.to, i.width = writes, memoryARM64(w.rn(), 0), 8
	default: // structures of vectors, tags, ldapur, stlur: what they write is taken for any of the stack
		i.clobber(w.rd())
		i.clobbers |= 1 << w.rn()
		i.effect, i.to, i.width = writes, operand{kind: inMemory, base: sp, index: sp}, 255
	}
	if i.bump != 0 && i.effect != moves && i.effect != pairs && i.effect != writes {
		i.bump = 0
		i.clobbers |= 1 << w.rn()
	}
}

// scale is the binary logarithm of how many bytes are moved.
func (w word) scale() uint32 {
	if w.field(26, 1) != 0 && w.field(23, 1) != 0 {
		return 4 // a whole vector register
	}
	return w.field(30, 2)
}

// decodeTransferARM64: one register, of a size and a kind that all forms name alike.
func (i *instruction) decodeTransferARM64(w word, o operand) {
	kind, scale := w.field(22, 2), w.scale()
	i.width = 1 << scale
	loads := kind != 0
	if w.field(26, 1) != 0 { // a vector register
		if loads = kind&1 != 0; !loads {
			i.effect, i.to = writes, o
		} else if i.bump != 0 {
			i.clobbers |= 1 << w.rn()
		}
		return
	}
	switch {
	case !loads && scale < 2:
		i.effect, i.to = writes, o
	case !loads:
		i.effect, i.to, i.from = moves, o, general(w.rd())
	case scale == 3 && kind == 2: // prfm
	case scale == 3, scale == 2 && kind == 1:
		i.load(w.rd(), o, i.width)
	case scale == 2 && kind == 2 && w.rd() != xzr: // ldrsw
		i.effect, i.to, i.from = widens, general(w.rd()), o
	default:
		i.clobber(w.rd())
	}
}

// decodePairARM64: ldp, stp and what is like them.
func (i *instruction) decodePairARM64(w word) {
	loads, vector, size := w.field(22, 1) != 0, w.field(26, 1) != 0, w.field(30, 2)
	i.width = 4
	switch {
	case vector:
		i.width = 4 << size
	case size == 2:
		i.width = 8
	}
	o := memoryARM64(w.rn(), w.signed(15, 7)*int64(i.width))
	switch w.field(23, 2) {
	case 1:
		i.bump, o.constant = o.constant, 0
	case 3:
		i.bump = o.constant
	}
	second := Register(w.field(10, 5))
	switch {
	case vector && loads:
	case vector, size == 1 && !loads: // stgp
		i.effect, i.to, i.width = writes, o, 2*i.width
	case loads && (size != 2 || w.rd() == xzr || second == xzr || w.rd() == w.rn() || second == w.rn()): // ldpsw too
		i.clobber(w.rd())
		i.clobber(second)
	case loads:
		i.effect, i.to, i.with, i.from = pairs, general(w.rd()), general(second), o
	default:
		i.effect, i.to, i.from, i.with = pairs, o, general(w.rd()), general(second)
	}
}

// decodeExclusiveARM64: ldxr, stxr, ldar, stlr, cas and what is like them.
func (i *instruction) decodeExclusiveARM64(w word) {
	o := memoryARM64(w.rn(), 0)
	ordered, loads, pair := w.field(23, 1) != 0, w.field(22, 1) != 0, w.field(21, 1) != 0
	i.width = 1 << w.field(30, 2)
	switch {
	case ordered && !pair && loads && i.width == 8: // ldar
		i.load(w.rd(), o, 8)
	case ordered && !pair && !loads && i.width >= 4: // stlr
		i.effect, i.to, i.from = moves, o, general(w.rd())
	default:
		for _, r := range []Register{w.rd(), w.rm(), w.rm() | 1, Register(w.field(10, 5)), w.rd() | 1} {
			i.clobber(r)
		}
		i.effect, i.to, i.width = writes, o, 16
	}
}

// referencesARM64: see isa. An adrp and an add behind it, or an adr.
func referencesARM64(t *text, family map[uint64]bool) []uint64 {
	const near = 12 // instructions between the two
	pages := map[uint64]bool{}
	for h := range family {
		pages[h&^4095] = true
	}
	var found []uint64
	for _, p := range t.parts {
		for at := 0; at+4 <= len(p.bytes); at += 4 {
			w := word(le.Uint32(p.bytes[at:]))
			if !w.is(0x1f000000, 0x10000000) {
				continue
			}
			i := decodeARM64(p.address+uint64(at), p.bytes[at:])
			to := uint64(i.from.constant)
			if !w.wide() {
				if family[to] {
					found = append(found, i.address)
				}
				continue
			}
			for next := at + 4; pages[to] && next+4 <= len(p.bytes) && next <= at+4*near; next += 4 {
				add := word(le.Uint32(p.bytes[next:]))
				if add.is(0xffc00000, 0x91000000) && add.rn() == w.rd() && family[to+uint64(add.field(10, 12))] {
					found = append(found, i.address)
					break
				}
			}
		}
	}
	return found
}

// storesARM64: see isa. str xN,[xM,#offset], but not to the stack.
func storesARM64(t *text, offset int64) []uint64 {
	if offset < 0 || offset&7 != 0 || offset>>3 > 4095 {
		return nil
	}
	var found []uint64
	for _, p := range t.parts {
		for at := 0; at+4 <= len(p.bytes); at += 4 {
			w := word(le.Uint32(p.bytes[at:]))
			if w.is(0xffc00000, 0xf9000000) && int64(w.field(10, 12)) == offset>>3 {
				if w.rn() != sp && w.rd() != xzr {
					found = append(found, p.address+uint64(at))
				}
			}
		}
	}
	return found
}

// slotARM64: see isa. adrp x16; ldr x17,[x16,#n]; add x16,x16,#n; br x17, maybe behind a bti.
func slotARM64(address uint64, b []byte) (uint64, bool) {
	if len(b) >= 4 && le.Uint32(b) == 0xd503245f {
		address, b = address+4, b[4:]
	}
	if len(b) < 16 {
		return 0, false
	}
	page, load, jump := word(le.Uint32(b)), word(le.Uint32(b[4:])), word(le.Uint32(b[12:]))
	if !page.is(0x9f00001f, 0x90000010) || !load.is(0xffc003ff, 0xf9400211) || jump != 0xd61f0220 {
		return 0, false
	}
	return uint64(decodeARM64(address, b).from.constant) + uint64(load.field(10, 12))*8, true
}

package site

// decodeBranchARM64 fills in where control goes; false: straight on. The
// kernel simulates (arch/arm64/kernel/probes/decode-insn.c) b, bl, b.cond, cbz,
// cbnz, tbz, tbnz, br, blr, ret, adr, adrp and ldr of a literal, and since
// Linux 6.13 nop, which is left out for that; all others are single-stepped.
func (i *instruction) decodeBranchARM64(w word) bool {
	to := func(low, count int) uint64 { return i.address + uint64(w.signed(low, count)*4) }
	switch {
	case w.is(0xfc000000, 0x14000000): // b
		i.flow, i.target, i.cheap = jumps, to(0, 26), true
	case w.is(0xfc000000, 0x94000000): // bl
		i.flow, i.target, i.cheap, i.clobbers, i.flags = calls, to(0, 26), true, callClobbersARM64, true
	case w.is(0xff000010, 0x54000000): // b.cond
		i.flow, i.target, i.cheap, i.condition = branches, to(5, 19), true, uint8(w.field(0, 4))
		if i.condition >= 14 { // al, nv
			i.flow, i.condition = jumps, 0
		}
	case w.is(0x7e000000, 0x34000000): // cbz, cbnz
		i.flow, i.target, i.cheap, i.condition = branches, to(5, 19), true, ifZero+uint8(w.field(24, 1))
		i.from, i.width = general(w.rd()), w.width()
	case w.is(0x7e000000, 0x36000000): // tbz, tbnz
		i.flow, i.target, i.cheap, i.condition = branches, to(5, 14), true, noCondition
	case w.is(0xfffffc1f, 0xd61f0000): // br
		i.flow, i.cheap, i.from = dispatches, true, general(w.rn())
	case w.is(0xfffffc1f, 0xd63f0000): // blr
		i.flow, i.cheap, i.from, i.clobbers, i.flags = points, true, general(w.rn()), callClobbersARM64, true
	case w.is(0xfffffc1f, 0xd65f0000): // ret
		i.flow, i.cheap = returns, true
	case w.is(0xfefff800, 0xd61f0800): // braa, brab, braaz, brabz
		i.flow, i.from = dispatches, general(w.rn())
	case w.is(0xfefff800, 0xd63f0800): // blraa…
		i.flow, i.from, i.clobbers, i.flags = points, general(w.rn()), callClobbersARM64, true
	case w.is(0xfffffbff, 0xd65f0bff): // retaa, retab
		i.flow = returns
	case w.is(0xff000000, 0x54000000), w.is(0xfe000000, 0xd6000000): // bc.cond, eret, drps
		i.flow = stops
	case w.is(0xff00001f, 0xd4000001): // svc
		i.clobbers = 1
	case w.is(0xff000000, 0xd4000000), w.is(0xffff0000, 0): // brk, hlt, hvc, smc; udf
		i.flow = stops
	case w.is(0xffc00000, 0xd5000000): // nop, bti, paciasp, barriers, mrs, msr
		if w.field(21, 1) != 0 {
			i.clobber(w.rd())
		}
		i.flags = !w.is(0xfffff01f, 0xd503201f)
	default:
		return false
	}
	return true
}

// decodeRelativeARM64 fills in what is relative to the instruction: adr, adrp
// and the loads of literals.
func (i *instruction) decodeRelativeARM64(w word) bool {
	switch {
	case w.is(0x1f000000, 0x10000000):
		offset := w.signed(5, 19)<<2 | int64(w.field(29, 2))
		at := int64(i.address) + offset
		if w.wide() {
			at = int64(i.address&^4095) + offset<<12
		}
		i.cheap = true
		i.load(w.rd(), operand{kind: isConstant, constant: at}, 8)
	case w.is(0x3b000000, 0x18000000):
		literal := operand{kind: inMemory, base: None, index: None, constant: int64(i.address) + w.signed(5, 19)*4}
		vector, size := w.field(26, 1) != 0, w.field(30, 2)
		i.cheap = !vector && size != 3
		switch {
		case vector || size == 3: // prfm
		case size == 1:
			i.load(w.rd(), literal, 8)
		default:
			i.clobber(w.rd())
		}
	default:
		return false
	}
	return true
}

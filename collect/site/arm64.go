package site

import (
	"math/bits"

	"golang.org/x/arch/arm64/arm64asm"
)

// arm64 is AArch64. Nothing was ever attached there: what is below was tried on
// files alone.
var arm64 = &isa{
	decode: decodeARM64, disassemble: disassembleARM64, equality: equalityARM64, below: belowARM64, halts: haltsARM64,
	references: referencesARM64, stores: storesARM64, slot: slotARM64,
	registers: 32, stack: sp, frame: 29, arguments: []Register{0, 1, 2, 3, 4, 5, 6, 7}, longest: 4, above: true,
}

const (
	sp  Register = 31 // as a base, and where add and sub say so
	xzr Register = 31 // elsewhere: reads as 0, and what is written to it is gone
)

// callClobbersARM64 are the registers that a called function may change
// (AAPCS64): x0 to x18, and x30.
const callClobbersARM64 = 1<<19 - 1 | 1<<30

// decodeARM64 reads the instruction at address. The bits are those of the
// "Arm Architecture Reference Manual for A-profile architecture", C4.1.
func decodeARM64(address uint64, b []byte) instruction {
	i := instruction{address: address, size: 4}
	if len(b) < 4 {
		i.flow = stops
		return i
	}
	w := word(le.Uint32(b))
	switch {
	case i.decodeBranchARM64(w), i.decodeRelativeARM64(w):
	case w.is(0x1f000000, 0x11000000):
		i.decodeAddARM64(w)
	case w.is(0x1c000000, 0x10000000):
		i.decodeImmediateARM64(w)
	case w.is(0x0e000000, 0x0a000000):
		i.decodeRegistersARM64(w)
	case w.is(0x0a000000, 0x08000000):
		i.decodeMemoryARM64(w)
	case w.is(0x0e000000, 0x0e000000): // floating point and vectors: some write a general register, some the flags
		i.clobber(w.rd())
		i.flags = true
	default: // reserved, or of extensions that no distribution is built for
		i.flow = stops
	}
	return i
}

// word is an instruction.
type word uint32

func (w word) is(mask, value word) bool { return w&mask == value }

// field is bits from low, so many.
func (w word) field(low, count int) uint32 { return uint32(w) >> low & (1<<count - 1) }

// signed is the same with its sign extended.
func (w word) signed(low, count int) int64 {
	return int64(uint64(w.field(low, count))<<(64-count)) >> (64 - count)
}

func (w word) rd() Register { return Register(w.field(0, 5)) }
func (w word) rn() Register { return Register(w.field(5, 5)) }
func (w word) rm() Register { return Register(w.field(16, 5)) }

// wide tells whether it is about 64 bits.
func (w word) wide() bool { return w>>31 != 0 }

func (w word) width() uint8 {
	if w.wide() {
		return 8
	}
	return 4
}

// clobber says that a register, if it is one, becomes unknown.
func (i *instruction) clobber(r Register) {
	if r != xzr {
		i.clobbers |= 1 << r
	}
}

// general is a general register as an operand: 31 is xzr.
func general(r Register) operand {
	if r == xzr {
		return operand{kind: isConstant}
	}
	return operand{kind: inRegister, register: r}
}

// at is memory as an operand.
func memoryARM64(base Register, offset int64) operand {
	return operand{kind: inMemory, base: base, index: None, constant: offset}
}

// load is a move into a general register.
func (i *instruction) load(to Register, from operand, width uint8) {
	if to != xzr {
		i.effect, i.to, i.from, i.width = moves, general(to), from, width
	}
}

// decodeAddARM64: add and sub of a constant, and the comparisons they make.
func (i *instruction) decodeAddARM64(w word) {
	n := int64(w.field(10, 12))
	if w.field(23, 1) != 0 { // addg, subg, min and max of a constant
		i.clobber(w.rd())
		return
	}
	if w.field(22, 1) != 0 {
		n <<= 12
	}
	subtracts := w.field(30, 1) != 0
	i.flags, i.width = w.field(29, 1) != 0, w.width()
	if i.flags && w.rd() == xzr {
		left := operand{kind: inRegister, register: w.rn()}
		switch {
		case subtracts && n == 0:
			i.effect, i.from = tests, left
		case subtracts:
			i.effect, i.to, i.from = compares, left, operand{kind: isConstant, constant: n}
		}
		return
	}
	if subtracts {
		n = -n
	}
	if !w.wide() {
		i.clobber(w.rd())
		return
	}
	i.effect, i.to, i.from = addresses, operand{kind: inRegister, register: w.rd()}, memoryARM64(w.rn(), n)
}

// decodeImmediateARM64: logical operations with a constant, moves of one, bit fields.
func (i *instruction) decodeImmediateARM64(w word) {
	n, known := w.bitmask()
	i.width = w.width()
	switch kind := w.field(29, 2); {
	case w.is(0x1f800000, 0x12000000): // and, orr, eor, ands
		to := operand{kind: inRegister, register: w.rd()} // 31 is sp, but for ands
		switch {
		case kind == 3:
			i.flags = true
			i.clobber(w.rd())
		case kind == 0 && w.wide() && known && w.rn() != xzr:
			i.effect, i.to, i.with, i.from = masks, to, operand{kind: inRegister, register: w.rn()}, operand{kind: isConstant, constant: n}
		case kind == 1 && known && w.rn() == xzr:
			i.effect, i.to, i.from = moves, to, operand{kind: isConstant, constant: n}
		default:
			i.clobbers = 1 << w.rd()
		}
	case w.is(0x1f800000, 0x12800000) && kind != 3: // movn, movz
		n := int64(w.field(5, 16)) << (16 * w.field(21, 2))
		if kind == 0 {
			n = ^n
		}
		if !w.wide() {
			n = int64(uint32(n))
		}
		i.load(w.rd(), operand{kind: isConstant, constant: n}, 8)
	default: // movk, sbfm, bfm, ubfm, extr
		i.clobber(w.rd())
	}
}

// bitmask is the constant of a logical operation; false: there is no such one.
func (w word) bitmask() (int64, bool) {
	n, rotate, ones := w.field(22, 1), int(w.field(16, 6)), w.field(10, 6)
	length := bits.Len32(n<<6|^ones&63) - 1
	if length < 1 {
		return 0, false
	}
	size := 1 << length
	count := int(ones)&(size-1) + 1
	if count == size {
		return 0, false
	}
	rotate &= size - 1
	one := uint64(1)<<count - 1
	one = one>>rotate | one<<(size-rotate)
	if size < 64 {
		one &= 1<<size - 1
	}
	all := uint64(0)
	for at := 0; at < 64; at += size {
		all |= one << at
	}
	if !w.wide() {
		all = uint64(uint32(all))
	}
	return int64(all), true
}

// decodeRegistersARM64: operations on registers alone.
func (i *instruction) decodeRegistersARM64(w word) {
	kind, shift := w.field(29, 2), w.field(10, 6)
	i.width = w.width()
	plain := shift == 0 && w.field(22, 2) == 0 // not shifted
	switch {
	case w.is(0x1f000000, 0x0a000000): // and, orr, eor, ands and their complements
		inverted := w.field(21, 1) != 0
		i.flags = kind == 3
		switch {
		case kind == 1 && !inverted && plain && w.rn() == xzr:
			i.load(w.rd(), general(w.rm()), i.width)
		case kind == 3 && !inverted && plain && w.rd() == xzr && w.rn() == w.rm():
			i.effect, i.from = tests, general(w.rn())
		default:
			i.clobber(w.rd())
		}
	case w.is(0x1f200000, 0x0b000000): // add, sub, adds, subs
		i.flags = kind&1 != 0
		switch {
		case kind == 3 && plain && w.rd() == xzr: // cmp
			i.effect, i.to, i.from = compares, general(w.rn()), general(w.rm())
		case kind != 0 || !w.wide() || w.rd() == xzr:
			i.clobber(w.rd())
		case plain && w.rn() != xzr && w.rm() != xzr:
			i.effect, i.to, i.with, i.from = sums, general(w.rd()), general(w.rn()), general(w.rm())
		case shift == 2:
			i.effect, i.to = leaps, general(w.rd())
		default:
			i.clobber(w.rd())
		}
	case w.is(0x1f200000, 0x0b200000): // the same of a part of a register
		i.flags = kind&1 != 0
		switch {
		case kind == 0 && w.wide() && w.field(10, 3) == 2 && w.rd() != sp:
			i.effect, i.to = leaps, general(w.rd())
		case i.flags:
			i.clobber(w.rd())
		default:
			i.clobbers = 1 << w.rd()
		}
	case w.is(0x1fe00000, 0x1a400000): // ccmp, ccmn
		i.flags = true
	default:
		i.flags = kind&1 != 0
		i.clobber(w.rd())
	}
}

// equalityARM64: eq and ne, cbz and cbnz.
func equalityARM64(condition uint8) (taken, ok bool) {
	return condition == 0 || condition == ifZero, condition <= 1 || condition == ifZero || condition == ifNotZero
}

func belowARM64(condition uint8) (taken bool, more uint64, ok bool) {
	switch condition {
	case 3: // lo
		return true, 0, true
	case 2: // hs
		return false, 0, true
	case 9: // ls
		return true, 1, true
	case 8: // hi
		return false, 1, true
	}
	return false, 0, false
}

// haltsARM64: brk, hlt, udf.
func haltsARM64(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	w := word(le.Uint32(b))
	return w.is(0xffe0001f, 0xd4200000) || w.is(0xffe0001f, 0xd4400000) || w.is(0xffff0000, 0)
}

// disassembleARM64 writes an instruction as objdump does, but for where
// branches go: relative to themselves.
func disassembleARM64(_ uint64, b []byte) string {
	in, err := arm64asm.Decode(b)
	if err != nil {
		return "unknown"
	}
	return arm64asm.GNUSyntax(in)
}

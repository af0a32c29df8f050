package site

import (
	"golang.org/x/arch/x86/x86asm"
)

// x86 is x86-64.
var x86 = &isa{
	decode: decode, disassemble: disassemble, equality: equality, below: below, halts: halts, references: references, stores: stores,
	slot:      func(uint64, []byte) (uint64, bool) { return 0, false }, // its stubs are one jump: see text.stub
	relatives: relatives, stub: stub, stubTable: stubTable, leads: leads,
	registers: 16, stack: rsp, frame: rbp, arguments: []Register{rdi, rsi, rdx, rcx, 8, 9}, longest: 15,
}

const (
	rax Register = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
)

// callClobbers are the registers that a called function may change (System V ABI).
const callClobbers = 1<<rax | 1<<rcx | 1<<rdx | 1<<rsi | 1<<rdi | 1<<8 | 1<<9 | 1<<10 | 1<<11

// decode reads the instruction at address, whose bytes and what follows b is.
func decode(address uint64, b []byte) instruction {
	if i, ok := decodeByHand(address, b); ok {
		return i
	}
	in, err := x86asm.Decode(b[:min(len(b), 15)], 64)
	if err != nil || in.Len == 0 {
		return instruction{address: address, size: 1, flow: stops}
	}
	i := instruction{address: address, size: uint8(in.Len), cheap: emulated(b[:in.Len])}
	if i.decodeFlow(&in) {
		i.flags = i.flow == calls || i.flow == points
		if i.flow == branches {
			i.condition = conditionOf(b)
		}
		return i
	}
	i.flags = !keepsFlags(in.Op)
	i.decodeEffect(&in)
	return i
}

// decodeByHand knows what x86asm does not: endbr64, and VEX and EVEX prefixes,
// of which only the length and what they clobber matters.
func decodeByHand(address uint64, b []byte) (instruction, bool) {
	switch {
	case len(b) >= 4 && b[0] == 0xf3 && b[1] == 0x0f && b[2] == 0x1e && b[3] == 0xfa:
		return instruction{address: address, size: 4}, true
	case len(b) > 2 && (b[0] == 0xc4 || b[0] == 0xc5 || b[0] == 0x62):
		return decodeVector(address, b)
	}
	return instruction{}, false
}

// emulated tells which instructions arch/x86/kernel/uprobes.c runs itself
// rather than by single-stepping: jmp, jcc and call with an offset, push of a
// register, and nop. A prefix 66 makes it refuse the probe. The long nops are
// left out: kernels before 6.17 single-step them.
func emulated(b []byte) bool {
	for len(b) > 0 && (b[0] == 0x2e || b[0] == 0x3e || b[0] == 0xf2) { // branch hints and bnd
		b = b[1:]
	}
	switch {
	case len(b) == 0:
		return false
	case b[0] == 0xeb, b[0] == 0xe9, b[0] == 0xe8, b[0]&0xf0 == 0x70:
		return true
	case b[0] == 0x0f:
		return len(b) == 6 && b[1]&0xf0 == 0x80
	case b[0] == 0x90, b[0]&0xf8 == 0x50:
		return len(b) == 1
	case b[0] == 0x41:
		return len(b) == 2 && b[1]&0xf8 == 0x50
	}
	return false
}

// conditionOf reads a conditional branch's condition out of its bytes.
func conditionOf(b []byte) uint8 {
	for len(b) > 1 && (b[0] == 0x2e || b[0] == 0x3e || b[0] == 0xf2) {
		b = b[1:]
	}
	if len(b) > 1 && b[0] == 0x0f {
		return b[1] & 15
	}
	return b[0] & 15
}

// keepsFlags tells which operations surely leave the flags alone.
func keepsFlags(o x86asm.Op) bool {
	switch o {
	case x86asm.MOV, x86asm.LEA, x86asm.PUSH, x86asm.POP, x86asm.NOP, x86asm.MOVZX, x86asm.MOVSX, x86asm.MOVSXD, x86asm.LEAVE,
		x86asm.MOVUPS, x86asm.MOVAPS, x86asm.MOVDQA, x86asm.MOVDQU, x86asm.MOVQ, x86asm.MOVD, x86asm.NOT, x86asm.BSWAP:
		return true
	}
	return false
}

// equality: see isa.
func equality(condition uint8) (taken, ok bool) {
	return condition == 4, condition == 4 || condition == 5
}

// below: see isa.
func below(condition uint8) (taken bool, more uint64, ok bool) {
	switch condition {
	case 2: // jb
		return true, 0, true
	case 3: // jae
		return false, 0, true
	case 6: // jbe
		return true, 1, true
	case 7: // ja
		return false, 1, true
	}
	return false, 0, false
}

// halts: ud2, ud1, int3, hlt.
func halts(b []byte) bool {
	return len(b) >= 2 && b[0] == 0x0f && (b[1] == 0x0b || b[1] == 0xb9) || len(b) >= 1 && (b[0] == 0xcc || b[0] == 0xf4)
}

// decodeFlow fills in where control goes; false: straight on.
func (i *instruction) decodeFlow(in *x86asm.Inst) bool {
	rel, direct := in.Args[0].(x86asm.Rel)
	if direct {
		i.target = i.next() + uint64(int64(rel))
	}
	switch in.Op {
	case x86asm.CALL:
		i.flow, i.clobbers = calls, callClobbers
		if !direct {
			i.flow, i.from = points, operandOf(in, in.Args[0], i)
		}
	case x86asm.JMP:
		i.flow = jumps
		if !direct {
			i.flow, i.from = dispatches, operandOf(in, in.Args[0], i)
		}
	case x86asm.RET, x86asm.IRET, x86asm.IRETD, x86asm.IRETQ, x86asm.SYSRET:
		i.flow = returns
	case x86asm.UD2, x86asm.UD1, x86asm.HLT, x86asm.INT, x86asm.ICEBP, x86asm.LRET, x86asm.LJMP, x86asm.LCALL:
		i.flow = stops
	default:
		if !direct {
			return false
		}
		i.flow = branches // jcc; jrcxz and loop are not emulated, hence never chosen
	}
	return true
}

package site

import (
	"golang.org/x/arch/x86/x86asm"
)

// flow is where an instruction passes control.
type flow uint8

const (
	straight   flow = iota // to the next instruction
	calls                  // to target, and back to the next instruction
	points                 // a call through a pointer, and back
	jumps                  // to target
	branches               // to target or to the next instruction
	dispatches             // through a pointer: for good
	returns                // to the caller
	stops                  // nowhere: it never runs, or it is not an instruction we know
)

// effect is what an instruction does to the values that are followed. All
// registers in clobbers are unknown afterwards.
type effect uint8

const (
	nothing   effect = iota
	moves            // to = from; 32 bits wide clears the upper half
	addresses        // to = address of from
	adds             // to += constant
	masks            // to &= constant
	pushes           // from
	pops             // to
	tests            // flags = is from zero? (test r,r; cmp $0)
	compares         // flags = are to and from equal?
	writes           // to memory, something unknown
	widens           // to = sign-extended 32 bits from memory: maybe an offset out of a compiled switch
	sums             // to += from
	leaves           // rsp = rbp, pop rbp
)

// operand is a register, memory, or a constant.
type operand struct {
	kind     operandKind
	register Register // inRegister
	base     Register // inMemory: at [base + constant], if not indexed
	index    Register // inMemory; None: not indexed
	scale    uint8
	constant int64 // inMemory without base: the address
}

type operandKind uint8

const (
	noOperand operandKind = iota
	inRegister
	inMemory
	isConstant
)

// instruction is what the walk needs to know of a machine instruction.
type instruction struct {
	address   uint64
	target    uint64
	size      uint8
	flow      flow
	effect    effect
	condition uint8 // of branches: x86's code, 0..15
	width     uint8 // bytes moved
	cheap     bool  // the kernel emulates it: see emulated
	flags     bool  // it changes the flags
	to, from  operand
	clobbers  uint16 // bit r: register r
}

func (i *instruction) next() uint64 { return i.address + uint64(i.size) }

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

// equality tells on which way a branch goes after a comparison: (true, true)
// is taken when equal; (_, false) is another condition.
func equality(condition uint8) (taken, ok bool) {
	return condition == 4, condition == 4 || condition == 5
}

// below tells what a branch after "compare with n" says: on the way it is
// taken (or not), the unsigned value is less than n + more. ok: it says that.
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

// arguments are the registers of a function's integer arguments (System V ABI).
var arguments = [...]Register{rdi, rsi, rdx, rcx, 8, 9}

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

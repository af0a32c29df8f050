package site

import (
	"bytes"

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

// readOnly are the operations whose first operand is only read.
var readOnly = map[x86asm.Op]bool{x86asm.CMP: true, x86asm.TEST: true, x86asm.BT: true, x86asm.NOP: true, x86asm.PREFETCHT0: true,
	x86asm.PREFETCHT1: true, x86asm.PREFETCHT2: true, x86asm.PREFETCHNTA: true, x86asm.PREFETCHW: true, x86asm.UCOMISD: true, x86asm.UCOMISS: true, x86asm.COMISD: true, x86asm.COMISS: true}

// implicit are registers that operations change without naming them.
var implicit = map[x86asm.Op]uint16{
	x86asm.MUL: 1<<rax | 1<<rdx, x86asm.IMUL: 0, x86asm.DIV: 1<<rax | 1<<rdx, x86asm.IDIV: 1<<rax | 1<<rdx,
	x86asm.CDQ: 1 << rdx, x86asm.CQO: 1 << rdx, x86asm.CWD: 1 << rdx, x86asm.CBW: 1 << rax, x86asm.CWDE: 1 << rax, x86asm.CDQE: 1 << rax,
	x86asm.CPUID: 1<<rax | 1<<rbx | 1<<rcx | 1<<rdx, x86asm.RDTSC: 1<<rax | 1<<rdx, x86asm.RDTSCP: 1<<rax | 1<<rcx | 1<<rdx, x86asm.XGETBV: 1<<rax | 1<<rdx,
	x86asm.CMPXCHG: 1 << rax, x86asm.CMPXCHG8B: 1<<rax | 1<<rdx, x86asm.CMPXCHG16B: 1<<rax | 1<<rdx,
	x86asm.SYSCALL: 1<<rax | 1<<rcx | 1<<11,
	x86asm.MOVSD:   1<<rsi | 1<<rdi | 1<<rcx, x86asm.CMPSD: 1<<rsi | 1<<rdi | 1<<rcx, x86asm.MOVSB: 1<<rsi | 1<<rdi | 1<<rcx, x86asm.MOVSW: 1<<rsi | 1<<rdi | 1<<rcx, x86asm.MOVSQ: 1<<rsi | 1<<rdi | 1<<rcx,
	x86asm.STOSB: 1<<rdi | 1<<rcx, x86asm.STOSW: 1<<rdi | 1<<rcx, x86asm.STOSD: 1<<rdi | 1<<rcx, x86asm.STOSQ: 1<<rdi | 1<<rcx,
	x86asm.SCASB: 1<<rdi | 1<<rcx, x86asm.SCASW: 1<<rdi | 1<<rcx, x86asm.SCASD: 1<<rdi | 1<<rcx, x86asm.SCASQ: 1<<rdi | 1<<rcx,
	x86asm.CMPSB: 1<<rsi | 1<<rdi | 1<<rcx, x86asm.CMPSW: 1<<rsi | 1<<rdi | 1<<rcx, x86asm.CMPSQ: 1<<rsi | 1<<rdi | 1<<rcx,
	x86asm.LODSB: 1<<rsi | 1<<rax | 1<<rcx, x86asm.LODSW: 1<<rsi | 1<<rax | 1<<rcx, x86asm.LODSD: 1<<rsi | 1<<rax | 1<<rcx, x86asm.LODSQ: 1<<rsi | 1<<rax | 1<<rcx,
}

// decodeEffect fills in what a straight instruction does to values.
func (i *instruction) decodeEffect(in *x86asm.Inst) {
	to, from := operandOf(in, in.Args[0], i), operandOf(in, in.Args[1], i)
	whole := in.Args[0] == nil || to.kind != inRegister || fullWidth(in.Args[0])
	i.width = uint8(in.DataSize / 8)
	if in.MemBytes > 0 {
		i.width = uint8(min(in.MemBytes, 255))
	}
	i.clobbers = implicit[in.Op]
	switch {
	case in.Op == x86asm.MOV && whole && to.kind != noOperand && (from.kind == inRegister && fullWidth(in.Args[1]) || from.kind == inMemory || from.kind == isConstant):
		i.effect, i.to, i.from = moves, to, from
		if to.kind == inRegister && i.width < 4 {
			i.effect, i.clobbers = nothing, 1<<to.register
		}
		return
	case in.Op == x86asm.LEA && to.kind == inRegister && whole && in.DataSize == 64:
		i.effect, i.to, i.from = addresses, to, from
		return
	case (in.Op == x86asm.ADD || in.Op == x86asm.SUB) && to.kind == inRegister && from.kind == isConstant && in.DataSize == 64:
		if in.Op == x86asm.SUB {
			from.constant = -from.constant
		}
		i.effect, i.to, i.from = adds, to, from
		return
	case in.Op == x86asm.ADD && to.kind == inRegister && from.kind == inRegister && in.DataSize == 64:
		i.effect, i.to, i.from = sums, to, from
		return
	case (in.Op == x86asm.INC || in.Op == x86asm.DEC) && to.kind == inRegister && in.DataSize == 64:
		i.effect, i.to, i.from = adds, to, operand{kind: isConstant, constant: 1}
		if in.Op == x86asm.DEC {
			i.from.constant = -1
		}
		return
	case in.Op == x86asm.AND && to.kind == inRegister && from.kind == isConstant && in.DataSize == 64:
		i.effect, i.to, i.from = masks, to, from
		return
	case in.Op == x86asm.PUSH, in.Op == x86asm.PUSHF, in.Op == x86asm.PUSHFQ:
		i.effect, i.from, i.width = pushes, to, 8
		return
	case in.Op == x86asm.POP, in.Op == x86asm.POPF, in.Op == x86asm.POPFQ:
		i.effect, i.to, i.width = pops, to, 8
		return
	case in.Op == x86asm.LEAVE:
		i.effect = leaves
		return
	case in.Op == x86asm.TEST && to.kind == inRegister && from == to && in.DataSize >= 32,
		in.Op == x86asm.CMP && to.kind != noOperand && from.kind == isConstant && from.constant == 0 && in.DataSize >= 32:
		i.effect, i.from = tests, to
		return
	case in.Op == x86asm.CMP && (in.DataSize == 64 || from.kind == isConstant):
		i.effect, i.to, i.from = compares, to, from
		return
	case in.Op == x86asm.MOVSXD && to.kind == inRegister && from.kind == inMemory:
		i.effect, i.to, i.from = widens, to, from
		return
	}
	i.decodeRest(in, to, from)
}

// decodeRest says what an instruction without an effect of its own destroys.
func (i *instruction) decodeRest(in *x86asm.Inst, to, from operand) {
	if to.kind == inRegister && !readOnly[in.Op] {
		i.clobbers |= 1 << to.register
	}
	if from.kind == inRegister && (in.Op == x86asm.XCHG || in.Op == x86asm.XADD) {
		i.clobbers |= 1 << from.register
	}
	if in.Op == x86asm.IMUL && in.Args[1] == nil {
		i.clobbers |= 1<<rax | 1<<rdx
	}
	if to.kind == inMemory && !readOnly[in.Op] {
		i.effect, i.to = writes, to
	}
}

// decodeVector knows the length of VEX and EVEX instructions. Those that
// write general registers do so in modrm.reg or vvvv (BMI), vector stores to
// memory: all are taken as written.
func decodeVector(address uint64, b []byte) (instruction, bool) {
	i := instruction{address: address}
	var at int
	var m, reg, vvvv byte
	switch b[0] {
	case 0xc5:
		at, m, reg, vvvv = 2, 1, ^b[1]>>4&8, ^b[1]>>3&15
	case 0xc4:
		at, m, reg, vvvv = 3, b[1]&31, ^b[1]>>4&8, ^b[2]>>3&15
	default:
		if len(b) < 5 || b[1]&0x08 != 0 || b[2]&0x04 == 0 {
			return i, false
		}
		at, m, reg, vvvv = 4, b[1]&7, ^b[1]>>4&8, ^b[2]>>3&15
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

// operandOf translates an operand. Registers that are not general are none.
func operandOf(in *x86asm.Inst, a x86asm.Arg, i *instruction) operand {
	switch a := a.(type) {
	case x86asm.Reg:
		if r := registerOf(a); r != None {
			return operand{kind: inRegister, register: r}
		}
	case x86asm.Imm:
		return operand{kind: isConstant, constant: int64(a)}
	case x86asm.Mem:
		if a.Segment == x86asm.FS || a.Segment == x86asm.GS {
			return operand{kind: inMemory, base: None, index: rsp} // thread-local: nowhere we know
		}
		o := operand{kind: inMemory, base: registerOf(a.Base), index: registerOf(a.Index), scale: a.Scale, constant: a.Disp}
		if a.Disp == int64(uint32(a.Disp)) {
			o.constant = int64(int32(a.Disp)) // x86asm does not extend the sign of 32 bits
		}
		if a.Base == x86asm.RIP {
			o.constant += int64(i.next())
		}
		return o
	}
	return operand{}
}

// fullWidth tells whether writing a register leaves nothing of what it held.
func fullWidth(a x86asm.Arg) bool {
	r, ok := a.(x86asm.Reg)
	return ok && (r >= x86asm.RAX && r <= x86asm.R15 || r >= x86asm.EAX && r <= x86asm.R15L)
}

// registerOf numbers a general register, whichever part of it is named.
func registerOf(r x86asm.Reg) Register {
	switch {
	case r >= x86asm.RAX && r <= x86asm.R15:
		return Register(r - x86asm.RAX)
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return Register(r - x86asm.EAX)
	case r >= x86asm.AX && r <= x86asm.R15W:
		return Register(r - x86asm.AX)
	case r >= x86asm.AL && r <= x86asm.BL:
		return Register(r - x86asm.AL)
	case r >= x86asm.AH && r <= x86asm.BH:
		return Register(r - x86asm.AH)
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return Register(r-x86asm.SPB) + rsp
	}
	return None
}

// disassemble writes an instruction as people read it (Intel's order).
func disassemble(address uint64, b []byte) string {
	in, err := x86asm.Decode(b, 64)
	if err != nil {
		return "endbr64 or unknown"
	}
	return x86asm.GNUSyntax(in, address, nil)
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
func (t *text) stores(offset int64) []uint64 {
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

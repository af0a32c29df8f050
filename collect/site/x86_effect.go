package site

import "golang.org/x/arch/x86/x86asm"

// readOnly are the operations whose first operand is only read.
var readOnly = map[x86asm.Op]bool{x86asm.CMP: true, x86asm.TEST: true, x86asm.BT: true, x86asm.NOP: true, x86asm.PREFETCHT0: true,
	x86asm.PREFETCHT1: true, x86asm.PREFETCHT2: true, x86asm.PREFETCHNTA: true, x86asm.PREFETCHW: true, x86asm.UCOMISD: true, x86asm.UCOMISS: true, x86asm.COMISD: true, x86asm.COMISS: true}

// implicit are registers that operations change without naming them.
var implicit = map[x86asm.Op]uint32{
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

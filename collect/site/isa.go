package site

import "pytop/collect/elf"

// isa is an instruction set: all that the walk knows of a machine.
type isa struct {
	decode      func(address uint64, b []byte) instruction
	disassemble func(address uint64, b []byte) string
	// equality tells on which way a branch goes after a comparison: (true, true)
	// is taken when equal; (_, false) is another condition.
	equality func(condition uint8) (taken, ok bool)
	// below tells what a branch after "compare with n" says: on the way it is
	// taken (or not), the unsigned value is less than n + more. ok: it says that.
	below func(condition uint8) (taken bool, more uint64, ok bool)
	// halts tells whether an instruction that decodes to stops surely never runs on.
	halts func(b []byte) bool
	// references are the instructions that may name an address of a family.
	references func(t *text, family map[uint64]bool) []uint64
	// stores are the instructions that write a 64-bit register to memory at an offset.
	stores func(t *text, offset int64) []uint64
	// slot is where a stub, a function that only jumps through a slot of the
	// global offset table, has that slot.
	slot func(address uint64, b []byte) (uint64, bool)
	// relatives are the places in a part of the text that, taken for a distance, lead
	// to an address from low to high. nil: Callers does not know the machine.
	relatives func(p part, low, high uint64) []relative
	// stub is where a stub may be entered that names its slot at an address, the
	// earliest last; nil: there is none.
	stub func(t *text, at uint64) []uint64
	// stubTable tells whether code begins as a linker's table of stubs does.
	stubTable func(b []byte) bool
	// leads tells whether an instruction may name an address by its distance.
	leads func(address uint64, b []byte, to uint64) bool

	registers    Register   // how many, the stack pointer too
	stack, frame Register   // stack pointer; what may be a frame pointer
	arguments    []Register // of a function's integer arguments
	longest      int        // instruction, in bytes
	above        bool       // a function's own memory is above its frame pointer, too
}

// mostRegisters bounds isa.registers.
const mostRegisters = 32

// Conditions that are not the machine's: of branches whose way the flags do not tell.
const (
	ifZero      = 16 + iota // from is zero
	ifNotZero               // it is not
	noCondition             // something else
)

// isaOf is a file's instruction set; nil: one that pytop does not know.
func isaOf(m elf.Machine) *isa {
	switch m {
	case elf.X86_64:
		return x86
	case elf.AArch64:
		return arm64
	}
	return nil
}

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
	masks            // to = to (or with, if that is a register) & constant
	pushes           // from
	pops             // to
	tests            // flags = is from zero? (test r,r; cmp $0)
	compares         // flags = are to and from equal?
	writes           // to memory, something unknown
	widens           // to = sign-extended 32 bits from memory: maybe an offset out of a compiled switch
	sums             // to = to (or with, if that is a register) + from
	leaves           // rsp = rbp, pop rbp
	pairs            // to = from and with = what is behind it, or the memory to = from and behind it with
	leaps            // to = where a compiled switch goes
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
	address        uint64
	target         uint64
	size           uint8
	flow           flow
	effect         effect
	condition      uint8 // of branches: the machine's code, 0..15, or one of ours
	width          uint8 // bytes moved
	cheap          bool  // the kernel emulates it: see emulated
	flags          bool  // it changes the flags
	to, from, with operand
	bump           int64  // added to the base of the memory operand afterwards
	clobbers       uint32 // bit r: register r
}

func (i *instruction) next() uint64 { return i.address + uint64(i.size) }

package live

import "pytop/collect/elf"

const machine = elf.X86_64 // whose programs run here

// Untested says what was never tried on this machine's kind; empty: nothing.
const Untested = ""

// passed: rax, rbx, rdx; [rsp+24]; jmp to the next instruction.
var passed = place{code: 0, frame: 3, next: 2, slot: 24, jump: []byte{0xEB, 0x00}}

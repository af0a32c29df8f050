#include "textflag.h"

// func HitSignals(n uint64, taken, dropped uintptr)
TEXT ·HitSignals(SB), NOSPLIT, $0-24
	MOVQ n+0(FP), CX
	MOVQ taken+8(FP), SI
	MOVQ dropped+16(FP), DI
loop:
	XCHGQ DI, SI
	BYTE $0xEB; BYTE $0x00 // a jmp to the next instruction: the site
	DECQ CX
	JNZ  loop
	RET

// func hitSignalsAddress() uintptr
TEXT ·hitSignalsAddress(SB), NOSPLIT, $0-8
	LEAQ ·HitSignals(SB), AX
	MOVQ AX, ret+0(FP)
	RET

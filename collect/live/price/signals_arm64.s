#include "textflag.h"

// func HitSignals(n uint64, taken, dropped uintptr)
TEXT ·HitSignals(SB), NOSPLIT, $0-24
	MOVD n+0(FP), R3
	MOVD taken+8(FP), R1
	MOVD dropped+16(FP), R0
loop:
	MOVD R0, R2
	MOVD R1, R0
	MOVD R2, R1
	WORD $0x14000001 // a b to the next instruction: the site
	SUB  $1, R3
	CBNZ R3, loop
	RET

// func hitSignalsAddress() uintptr
TEXT ·hitSignalsAddress(SB), NOSPLIT, $0-8
	MOVD $·HitSignals(SB), R0
	MOVD R0, ret+0(FP)
	RET

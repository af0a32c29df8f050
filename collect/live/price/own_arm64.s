#include "textflag.h"

// func HitSite(n uint64, code, frame, instruction uintptr)
TEXT ·HitSite(SB), NOSPLIT, $0-32
	MOVD n+0(FP), R3
	MOVD code+8(FP), R0
	MOVD frame+16(FP), R1
	MOVD instruction+24(FP), R2
loop:
	WORD $0x14000001 // a b to the next instruction: the site
	SUB  $1, R3
	CBNZ R3, loop
	RET

// func hitSiteAddress() uintptr
TEXT ·hitSiteAddress(SB), NOSPLIT, $0-8
	MOVD $·HitSite(SB), R0
	MOVD R0, ret+0(FP)
	RET

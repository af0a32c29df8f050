#include "textflag.h"

// func HitSite(n uint64, code, frame, instruction uintptr)
TEXT ·HitSite(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ code+8(FP), AX
	MOVQ frame+16(FP), BX
	MOVQ instruction+24(FP), DX
loop:
	BYTE $0xEB; BYTE $0x00 // a jmp to the next instruction: the site
	DECQ CX
	JNZ  loop
	RET

// func hitSiteAddress() uintptr
TEXT ·hitSiteAddress(SB), NOSPLIT, $0-8
	LEAQ ·HitSite(SB), AX
	MOVQ AX, ret+0(FP)
	RET

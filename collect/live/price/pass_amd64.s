#include "textflag.h"

// func PassSite(n uint64, code, frame, instruction uintptr)
TEXT ·PassSite(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ code+8(FP), AX
	MOVQ frame+16(FP), BX
	MOVQ instruction+24(FP), DX
loop:
	BYTE $0xEB; BYTE $0x00 // a jmp to the next instruction: the site
	DECQ CX
	JNZ  loop
	RET

// func passSiteAddress() uintptr
TEXT ·passSiteAddress(SB), NOSPLIT, $0-8
	LEAQ ·PassSite(SB), AX
	MOVQ AX, ret+0(FP)
	RET

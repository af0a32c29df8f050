#include "textflag.h"

// func passSite(n uint64, code, frame, instruction uintptr)
TEXT ·passSite(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ code+8(FP), AX
	MOVQ frame+16(FP), BX
	MOVQ instruction+24(FP), DX
loop:
	BYTE $0xEB; BYTE $0x00 // a jmp to the next instruction: the site
	DECQ CX
	JNZ  loop
	RET

// func passDeepSite(n uint64, code, frame, instruction uintptr)
TEXT ·passDeepSite(SB), NOSPLIT, $0-32
	MOVQ n+0(FP), CX
	MOVQ code+8(FP), AX
	MOVQ frame+16(FP), BX
	MOVQ instruction+24(FP), DX
loop:
	CALL ·vectorcall<>(SB)
	DECQ CX
	JNZ  loop
	RET

TEXT ·vectorcall<>(SB), NOSPLIT, $0-0
	CALL ·evalFrame<>(SB)
	RET

TEXT ·evalFrame<>(SB), NOSPLIT, $0-0
	CALL ·deepSite<>(SB)
	RET

TEXT ·deepSite<>(SB), NOSPLIT, $0-0
	BYTE $0xEB; BYTE $0x00 // the site
	RET

// func passSiteAddress() uintptr
TEXT ·passSiteAddress(SB), NOSPLIT, $0-8
	LEAQ ·passSite(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func deepSiteAddress() uintptr
TEXT ·deepSiteAddress(SB), NOSPLIT, $0-8
	LEAQ ·deepSite<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

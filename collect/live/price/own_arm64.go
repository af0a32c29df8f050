package price

// own: x0, x1, x2; [sp+24]; b to the next instruction.
var own = place{code: 0, frame: 1, next: 2, slot: 24, jump: []byte{1, 0, 0, 0x14}}

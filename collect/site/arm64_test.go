package site

import (
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"

	"pytop/collect/elf"
)

// Bytes as Debian's builds have them, beside what objdump says of them.
func TestDecodeARM64(t *testing.T) {
	const at = 0x4c1000
	register := func(r Register) operand { return operand{kind: inRegister, register: r} }
	number := func(n int64) operand { return operand{kind: isConstant, constant: n} }
	memory := memoryARM64
	for _, c := range []struct {
		build, bytes, text string
		want               instruction
	}{
		{"3.13.5 RESUME", "9f 24 03 d5", "bti j", instruction{}},
		{"3.13.5 RESUME", "c0 3e 40 b9", "ldr w0, [x22, #60]", instruction{effect: moves, width: 4, to: register(0), from: memory(22, 60)}},
		{"3.13.5 RESUME", "b7 1e 00 f9", "str x23, [x21, #56]", instruction{effect: moves, width: 8, to: memory(21, 56), from: register(23)}},
		{"3.13.5 RESUME", "f7 0a 00 91", "add x23, x23, #2", instruction{effect: addresses, width: 8, to: register(23), from: memory(23, 2)}},
		{"3.13.5 RESUME", "c0 8d 02 34", "cbz w0, 0x4c61b8", instruction{flow: branches, condition: ifZero, target: 0x4c61b8, cheap: true, from: register(0)}},
		{"3.13.5 RESUME_CHECK", "03 54 40 f9", "ldr x3, [x0, #168]", instruction{effect: moves, width: 8, to: register(3), from: memory(0, 168)}},
		{"3.13.5 RESUME_CHECK", "7f 00 02 eb", "cmp x3, x2", instruction{effect: compares, width: 8, flags: true, to: register(3), from: register(2)}},
		{"3.13.5 RESUME_CHECK", "21 11 05 54", "b.ne 0x4cb224", instruction{flow: branches, condition: 1, target: 0x4cb224, cheap: true}},
		{"3.13.5 RESUME_CHECK", "e7 02 40 79", "ldrh w7, [x23]", instruction{clobbers: 1 << 7}},
		{"3.13.5 RESUME_CHECK", "eb 1c 00 12", "and w11, w7, #0xff", instruction{clobbers: 1 << 11}},
		{"3.13.5 RESUME_CHECK", "e7 7c 08 53", "lsr w7, w7, #8", instruction{clobbers: 1 << 7}},
		{"3.13.5 RESUME_CHECK", "81 da 6b f8", "ldr x1, [x20, w11, sxtw #3]", instruction{effect: moves, width: 8, to: register(1), from: operand{kind: inMemory, base: 20, index: 11, scale: 8}}},
		{"3.13.5 RESUME_CHECK", "20 00 1f d6", "br x1", instruction{flow: dispatches, cheap: true, from: register(1)}},
		{"3.13.5 INSTRUMENTED_RESUME", "e2 03 15 aa", "mov x2, x21", instruction{effect: moves, width: 8, to: register(2), from: register(21)}},
		{"3.13.5 INSTRUMENTED_RESUME", "ff b3 00 f9", "str xzr, [sp, #352]", instruction{effect: moves, width: 8, to: memory(sp, 352), from: number(0)}},
		{"3.13.5 INSTRUMENTED_RESUME", "b8 42 80 b9", "ldrsw x24, [x21, #64]", instruction{effect: widens, width: 4, to: register(24), from: memory(21, 64)}},
		{"3.13.5 INSTRUMENTED_RESUME", "a0 42 00 b9", "str w0, [x21, #64]", instruction{effect: moves, width: 4, to: memory(21, 64), from: register(0)}},
		{"3.13.5 eval", "fd 7b a3 a9", "stp x29, x30, [sp, #-464]!", instruction{effect: pairs, width: 8, to: memory(sp, -464), from: register(29), with: register(30), bump: -464}},
		{"3.13.5 eval", "fd 03 00 91", "mov x29, sp", instruction{effect: addresses, width: 8, to: register(29), from: memory(sp, 0)}},
		{"3.13.5 eval", "80 c4 06 b4", "cbz x0, 0x4ce890", instruction{flow: branches, condition: ifZero, target: 0x4ce890, cheap: true, from: register(0)}},
		{"3.13.5 eval", "23 08 00 51", "sub w3, w1, #2", instruction{clobbers: 1 << 3}},
		{"3.13.5 eval", "f3 1c 00 b0", "adrp x19, 0x85e000", instruction{effect: moves, width: 8, cheap: true, to: register(19), from: number(0x85e000)}},
		{"3.13.5", "fd 7b c7 a8", "ldp x29, x30, [sp], #112", instruction{effect: pairs, width: 8, to: register(29), with: register(30), from: memory(sp, 0), bump: 112}},
		{"3.13.5", "02 04 42 29", "ldp w2, w1, [x0, #16]", instruction{clobbers: 1<<2 | 1<<1}},
		{"3.13.5", "9f 06 c0 3d", "ldr q31, [x20, #16]", instruction{}},
		{"3.13.5", "7f 82 81 3c", "stur q31, [x19, #24]", instruction{effect: writes, width: 16, to: memory(19, 24)}},
		{"3.13.5", "f3 17 9f 9a", "cset x19, eq", instruction{clobbers: 1 << 19}},
		{"3.13.5", "20 f0 7d 92", "and x0, x1, #0xfffffffffffffff8", instruction{effect: masks, width: 8, to: register(0), with: register(1), from: number(-8)}},
		{"3.13.5", "22 04 40 92", "and x2, x1, #0x3", instruction{effect: masks, width: 8, to: register(2), with: register(1), from: number(3)}},
		{"3.13.5", "1f 00 67 f2", "tst x0, #0x2000000", instruction{flags: true}},
		{"3.13.5", "64 1a 40 fa", "ccmp x19, #0, #4, ne", instruction{flags: true}},
		{"3.13.5", "80 6d ae 72", "movk w0, #29548, lsl #16", instruction{clobbers: 1}},
		{"3.13.5", "17 83 1f f8", "stur x23, [x24, #-8]", instruction{effect: moves, width: 8, to: memory(24, -8), from: register(23)}},
		{"3.13.5", "e1 e2 1e 78", "sturh w1, [x23, #-18]", instruction{effect: writes, width: 2, to: memory(23, -18)}},
		{"3.13.5", "27 78 77 78", "ldrh w7, [x1, x23, lsl #1]", instruction{clobbers: 1 << 7}},
		{"any", "1f 20 03 d5", "nop", instruction{}},
		{"any", "01 00 00 14", "b 0x4c1004", instruction{flow: jumps, target: 0x4c1004, cheap: true}},
		{"any", "ff ff ff 97", "bl 0x4c0ffc", instruction{flow: calls, target: 0x4c0ffc, cheap: true, flags: true, clobbers: callClobbersARM64}},
		{"any", "20 00 3f d6", "blr x1", instruction{flow: points, cheap: true, flags: true, clobbers: callClobbersARM64, from: register(1)}},
		{"any", "c0 03 5f d6", "ret", instruction{flow: returns, cheap: true}},
		{"any", "87 00 08 36", "tbz w7, #1, 0x4c1010", instruction{flow: branches, condition: noCondition, target: 0x4c1010, cheap: true}},
		{"any", "81 00 00 58", "ldr x1, 0x4c1010", instruction{effect: moves, width: 8, cheap: true, to: register(1), from: operand{kind: inMemory, base: None, index: None, constant: 0x4c1010}}},
		{"any", "20 00 80 d2", "mov x0, #1", instruction{effect: moves, width: 8, to: register(0), from: number(1)}},
		{"any", "00 00 80 92", "mov x0, #-1", instruction{effect: moves, width: 8, to: register(0), from: number(-1)}},
		{"any", "3f 00 00 f1", "cmp x1, #0", instruction{effect: tests, width: 8, flags: true, from: register(1)}},
		{"any", "3f 18 00 71", "cmp w1, #6", instruction{effect: compares, width: 4, flags: true, to: register(1), from: number(6)}},
		{"any", "20 88 20 8b", "add x0, x1, w0, sxtb #2", instruction{effect: leaps, width: 8, to: register(0)}},
		{"any", "20 00 20 d4", "brk #1", instruction{flow: stops}},
		{"any", "00 00 00 00", "udf #0", instruction{flow: stops}},
	} {
		b := unhex(t, c.bytes)
		c.want.address, c.want.size = at, 4
		got := decodeARM64(at, b)
		for _, i := range []*instruction{&got, &c.want} { // where they do not matter
			if i.effect == nothing || i.flow != straight {
				i.width = 0
			}
			if i.from.index == None {
				i.from.scale = 0
			}
		}
		if got != c.want {
			t.Errorf("%s: %s (%s)\n got %+v\nwant %+v", c.build, c.text, c.bytes, got, c.want)
		}
	}
}

// What the kernel does not simulate is never cheap.
func TestSimulatedARM64(t *testing.T) {
	for bytes, want := range map[string]bool{
		"01 00 00 14": true, "ff ff ff 97": true, "21 11 05 54": true, "c0 8d 02 34": true, "87 00 08 36": true, "20 00 1f d6": true, "20 00 3f d6": true, "c0 03 5f d6": true,
		"f3 1c 00 b0": true, "81 00 00 58": true, "81 00 00 98": true,
		"1f 20 03 d5": false, "9f 24 03 d5": false, "3f 23 03 d5": false, "b7 1e 00 f9": false, "81 00 00 5c": false, "81 00 00 d8": false, "ff 0b 5f d6": false, "20 00 20 d4": false,
		"21 11 05 55": false, "": false,
	} {
		if got := decodeARM64(0, unhex(t, bytes)).cheap; got != want {
			t.Errorf("%s: %v, want %v", bytes, got, want)
		}
	}
}

// A stub of Debian 3.13.5: adrp x16, 0x9df000; ldr x17, [x16, #4088]; add x16, x16, #4088; br x17.
func TestSlotARM64(t *testing.T) {
	b := unhex(t, "10 2e 00 90 11 fe 47 f9 10 e2 3f 91 20 02 1f d6")
	if slot, ok := slotARM64(0x41f0d4, b); !ok || slot != 0x9dfff8 {
		t.Errorf("%#x, %v", slot, ok)
	}
	if slot, ok := slotARM64(0x41f0d0, append(unhex(t, "5f 24 03 d5"), b...)); !ok || slot != 0x9dfff8 {
		t.Errorf("behind a bti: %#x, %v", slot, ok)
	}
	b[12] = 0
	if slot, ok := slotARM64(0x41f0d4, b); ok {
		t.Errorf("a jump through another register: %#x", slot)
	}
}

// TestAgreesARM64 compares what each instruction of a build's eval function
// writes with what another decoder says of it: a register of which we do not
// know that it was changed would be followed wrongly.
func TestAgreesARM64(t *testing.T) {
	some := false
	for name, path := range pythons(t) {
		f, p := openQuietly(path)
		if f == nil || f.Machine() != elf.AArch64 {
			continue
		}
		some = true
		t.Run(name, func(t *testing.T) {
			x, err := openText(f)
			if err != nil {
				t.Fatal(err)
			}
			compared := 0
			for at := p.EvalFrame; at < p.EvalFrame+80_000; at += 4 {
				b := x.at(at)
				in, err := arm64asm.Decode(b)
				if err != nil {
					continue // data behind the function, mostly
				}
				compared++
				i := decodeARM64(at, b)
				if i.flow == stops && in.Op != arm64asm.BRK {
					t.Errorf("%#x %x %v: not known", at, b[:4], in)
				}
				if r, writes := written(in); writes && i.clobbers>>r&1 == 0 && (i.to.kind != inRegister || i.to.register != r) {
					t.Errorf("%#x %x %v: that it changes register %d is not known: %+v", at, b[:4], in, r, i)
				}
			}
			if compared < 15_000 {
				t.Errorf("only %d instructions were compared", compared)
			}
		})
	}
	if !some {
		t.Skip("no Python for arm64 here: testdata/pythons.sh arm64")
	}
}

// written is the general register that an instruction names first, if it is
// one that it writes.
func written(in arm64asm.Inst) (Register, bool) {
	op := in.Op.String()
	for _, reads := range []string{"ST", "CMP", "CMN", "TST", "CCMP", "CCMN", "CB", "TB", "B", "RET", "PRFM", "MSR", "SYS"} {
		if strings.HasPrefix(op, reads) && op != "BIC" && op != "BICS" && op != "BFI" && op != "BFXIL" && op != "BFM" {
			return 0, false
		}
	}
	r := arm64asm.Reg(0)
	switch a := in.Args[0].(type) {
	case arm64asm.Reg:
		r = a
	case arm64asm.RegSP:
		if arm64asm.Reg(a) == arm64asm.SP {
			return sp, true
		}
		r = arm64asm.Reg(a)
	default:
		return 0, false
	}
	switch {
	case r >= arm64asm.W0 && r <= arm64asm.W30:
		return Register(r - arm64asm.W0), true
	case r >= arm64asm.X0 && r <= arm64asm.X30:
		return Register(r - arm64asm.X0), true
	}
	return 0, false
}

// No bytes make the decoder panic.
func FuzzDecodeARM64(f *testing.F) {
	for _, s := range []string{"b7 1e 00 f9", "fd 7b a3 a9", "20 f0 7d 92", "81 da 6b f8", "7f 82 81 3c", "f7"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i := decodeARM64(0x1000, b)
		if i.size != 4 {
			t.Errorf("%x has %d bytes", b, i.size)
		}
		w := &follower{isa: arm64, values: newValues(), stacks: map[value]bool{}, frames: map[value]bool{}}
		s := w.begin(0)
		w.step(&i, &s)
		slotARM64(0x1000, b)
		disassembleARM64(0x1000, b)
	})
}

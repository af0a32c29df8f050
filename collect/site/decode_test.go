package site

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Bytes as builds have them, beside what objdump says of them.
// TestDecodeVector: what of general registers vector instructions may write.
func TestDecodeVector(t *testing.T) {
	for _, c := range []struct {
		bytes, text string
		writes      Register
	}{
		{"c4 e1 f9 7e c0", "vmovq %xmm0,%rax", 0},
		{"c5 f9 7e cb", "vmovd %xmm1,%ebx", 3},
		{"c4 c1 79 7e ca", "vmovd %xmm1,%r10d", 10},
		{"c4 c3 f9 16 c5 01", "vpextrq $0x1,%xmm0,%r13", 13},
		{"c4 e3 79 17 d6 02", "vextractps $0x2,%xmm2,%esi", rsi},
		{"62 f1 fd 08 7e c7", "vmovq %xmm0,%rdi", rdi},
		{"c4 42 78 f2 cb", "andn %r11d,%eax,%r9d", 9},
		{"c4 e2 70 f3 d8", "blsi %eax,%ecx", rcx},
		{"c5 f9 d7 c8", "vpmovmskb %xmm0,%ecx", rcx},
	} {
		b := unhex(t, c.bytes)
		i := decode(0x1000, append(b, 0x90, 0x90, 0x90, 0x90))
		if int(i.size) != len(b) || i.clobbers&(1<<c.writes) == 0 {
			t.Errorf("%s: %d bytes, it may write %#x, which lacks register %d", c.text, i.size, i.clobbers, c.writes)
		}
	}
}

func TestDecode(t *testing.T) {
	const at = 0x1000
	memory := func(base Register, displacement int64) operand {
		return operand{kind: inMemory, base: base, index: None, scale: 1, constant: displacement}
	}
	register := func(r Register) operand { return operand{kind: inRegister, register: r} }
	number := func(n int64) operand { return operand{kind: isConstant, constant: n} }
	for _, c := range []struct {
		build, bytes, text string
		want               instruction
	}{
		{"Debian 3.14", "f3 0f 1e fa", "endbr64", instruction{}},
		{"pyenv 3.11.7 RESUME", "4c 89 75 38", "mov %r14,0x38(%rbp)", instruction{effect: moves, width: 8, to: memory(rbp, 0x38), from: register(14)}},
		{"standalone 3.14.6 RESUME_CHECK", "4d 89 7c 24 38", "mov %r15,0x38(%r12)", instruction{effect: moves, width: 8, to: memory(12, 0x38), from: register(15)}},
		{"standalone 3.14.6 RESUME_CHECK", "48 83 e1 fe", "and $-2,%rcx", instruction{effect: masks, width: 8, flags: true, to: register(rcx), from: number(-2)}},
		{"pyenv 3.11.7 RESUME", "49 8d 46 02", "lea 0x2(%r14),%rax", instruction{effect: addresses, width: 8, to: register(rax), from: memory(14, 2)}},
		{"pyenv 3.11.7 RESUME", "74 10", "je 0x1012", instruction{flow: branches, condition: 4, target: 0x1012, cheap: true}},
		{"pyenv 3.11.7 RESUME", "0f 84 60 13 00 00", "je 0x2366", instruction{flow: branches, condition: 4, target: 0x2366, cheap: true}},
		{"MPX builds", "f2 0f 8f 60 13 00 00", "bnd jg 0x2367", instruction{flow: branches, condition: 15, target: 0x2367, cheap: true}},
		{"pyenv 3.11.7 RESUME_QUICK", "e9 dc ff ff ff", "jmp 0xfe1", instruction{flow: jumps, target: 0xfe1, cheap: true}},
		{"pyenv 3.11.7", "ff 24 d7", "jmp *(%rdi,%rdx,8)", instruction{flow: dispatches, from: operand{kind: inMemory, base: rdi, index: rdx, scale: 8}}},
		{"standalone 3.14.6", "ff 24 c5 60 68 fc 00", "jmp *0xfc6860(,%rax,8)", instruction{flow: dispatches, from: operand{kind: inMemory, base: None, index: rax, scale: 8, constant: 0xfc6860}}},
		{"Debian 3.13, CET", "3e ff e0", "notrack jmp *%rax", instruction{flow: dispatches, from: register(rax)}},
		{"pyenv 3.12.1", "e8 25 f2 1a 00", "call 0x1b022a", instruction{flow: calls, target: 0x1b022a, cheap: true, flags: true, clobbers: callClobbers}},
		{"pyenv 3.8.18", "ff 15 12 00 00 00", "call *0x12(%rip)", instruction{flow: points, flags: true, clobbers: callClobbers, from: operand{kind: inMemory, base: None, index: None, scale: 1, constant: 0x1018}}},
		{"pyenv 3.8.18 code_dealloc", "41 55", "push %r13", instruction{effect: pushes, width: 8, cheap: true, from: register(13)}},
		{"pyenv 3.10.13", "ff 35 f2 e7 30 00", "push 0x30e7f2(%rip)", instruction{effect: pushes, width: 8, from: operand{kind: inMemory, base: None, index: None, scale: 1, constant: 0x30f7f8}}},
		{"pyenv 3.8.18", "89 74 24 14", "mov %esi,0x14(%rsp)", instruction{effect: moves, width: 4, to: memory(rsp, 0x14), from: register(rsi)}},
		{"pyenv 3.10.13", "45 85 f6", "test %r14d,%r14d", instruction{effect: tests, width: 4, flags: true, from: register(14)}},
		{"Debian 3.13.18 debug", "48 8b 85 d0 fe ff ff", "mov -0x130(%rbp),%rax", instruction{effect: moves, width: 8, to: register(rax), from: memory(rbp, -0x130)}},
		{"standalone 3.11.11", "4e 63 1c 9a", "movslq (%rdx,%r11,4),%r11", instruction{effect: widens, width: 4, to: register(11), from: operand{kind: inMemory, base: rdx, index: 11, scale: 4}}},
		{"standalone 3.11.11", "49 01 d3", "add %rdx,%r11", instruction{effect: sums, width: 8, flags: true, to: register(11), from: register(rdx)}},
		{"standalone 3.11.11", "41 83 fb 33", "cmp $0x33,%r11d", instruction{effect: compares, width: 4, flags: true, to: register(11), from: number(0x33)}},
		{"any", "90", "nop", instruction{cheap: true}},
		{"pyenv 3.10.13", "0f 1f 00", "nopl (%rax)", instruction{}},
		{"x86-64-v3 builds", "c4 e2 e8 f2 c1", "andn %rcx,%rdx,%rax", instruction{clobbers: 1<<rax | 1<<rdx}},
		{"x86-64-v3 builds", "c5 f8 77", "vzeroupper", instruction{}},
		{"x86-64-v3 builds", "c5 f8 11 44 24 10", "vmovups %xmm0,0x10(%rsp)", instruction{effect: writes, width: 255, clobbers: 1 << rax, to: operand{kind: inMemory, base: rsp, index: rsp}}},
		{"x86-64-v4 builds", "62 f1 7c 48 11 44 24 01", "vmovups %zmm0,0x40(%rsp)", instruction{effect: writes, width: 255, clobbers: 1 << rax, to: operand{kind: inMemory, base: rsp, index: rsp}}},
		{"behind a call that never returns", "0f 0b", "ud2", instruction{flow: stops}},
		{"any", "cc", "int3", instruction{flow: stops}},
		{"no instruction", "06", "(bad)", instruction{flow: stops}},
	} {
		b := unhex(t, c.bytes)
		c.want.address, c.want.size = at, uint8(len(b))
		got := decode(at, append(b, 0x90, 0x90, 0x90, 0x90))
		// Registers without a name and scales without an index do not matter.
		for _, o := range []*operand{&got.to, &got.from, &c.want.to, &c.want.from} {
			if o.kind != inMemory || o.index == None {
				o.scale = 0
			}
		}
		if got.effect == nothing {
			got.width = 0
		}
		if c.want.effect == nothing {
			got.flags, c.want.flags = false, false
		}
		if got.flow != straight {
			got.width = 0
		}
		if got != c.want {
			t.Errorf("%s: %s (%s)\n got %+v\nwant %+v", c.build, c.text, c.bytes, got, c.want)
		}
	}
}

// What the kernel does not emulate is never cheap, and what it refuses to probe
// (a branch with the prefix 66) neither.
func TestEmulated(t *testing.T) {
	for bytes, want := range map[string]bool{
		"eb 05": true, "e9 00 00 00 00": true, "e8 00 00 00 00": true, "75 10": true, "0f 85 00 00 00 00": true, "55": true, "41 57": true, "90": true, "f2 e9 00 00 00 00": true,
		"66 90": false, "66 e9 00 00": false, "0f 1f 44 00 00": false, "ff 24 c5 00 00 00 00": false, "ff e0": false, "ff d0": false, "c3": false, "5d": false,
		"f3 0f 1e fa": false, "48 89 e5": false, "e3 05": false, "e2 05": false, "ff 30": false, "68 00 00 00 00": false, "40 55": false, "49 57": false, "": false,
	} {
		if got := emulated(unhex(t, bytes)); got != want {
			t.Errorf("%s: %v, want %v", bytes, got, want)
		}
	}
}

// No bytes make the decoder panic, or step back.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"4c 89 75 38", "c4 e2 e8 f2 c1", "62 f1 7c 48 11 44 24 01", "f3 0f 1e fa", "c5", "62", "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		i := decode(0x1000, b)
		if i.size == 0 || i.size > 15 {
			t.Errorf("%x has %d bytes", b, i.size)
		}
		w := &follower{isa: x86, values: newValues(), stacks: map[value]bool{}, frames: map[value]bool{}}
		s := w.begin(0)
		w.step(&i, &s)
	})
}

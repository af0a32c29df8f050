package site

import (
	"encoding/hex"
	"strings"
	"testing"

	"pytop/collect/elf"
)

// TestFollowsCall: what is before a return address.
func TestFollowsCall(t *testing.T) {
	for _, c := range []struct {
		code string
		want bool
		what string
	}{
		{"90 e8 10 20 00 00", true, "nop; call rel32"},
		{"ff d0", true, "call rax"},
		{"41 ff d3", true, "call r11"},
		{"ff 53 18", true, "call [rbx+0x18]"},
		{"41 ff 54 24 10", true, "call [r12+0x10]"},
		{"ff 15 10 20 30 00", true, "call [rip+0x302010]"},
		{"42 ff 94 e0 00 01 00 00", true, "call [rax+r12*8+0x100]"},
		{"e9 10 20 00 00", false, "jmp rel32"},
		{"ff e0", false, "jmp rax"},
		{"48 89 e5", false, "mov rbp, rsp"},
		{"e8 10 20 00 00 90", false, "call; nop"},
		{"00", false, "one byte"},
		{"", false, "nothing"},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.code, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := FollowsCall(elf.X86_64, b); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
	if FollowsCall(elf.AArch64, []byte{0xff, 0xd0}) {
		t.Error("x86's instructions are taken for another machine's")
	}
}

// TestMakesFrame: beginnings of functions, as compilers write them.
func TestMakesFrame(t *testing.T) {
	for _, c := range []struct {
		code string
		want bool
		what string
	}{
		{"f3 0f 1e fa 55 48 89 e5 53", true, "Debian 3.15 PyFile_SetOpenCodeHook"},
		{"f3 0f 1e fa 55 be 28 02 00 00 bf 01 00 00 00 48 89 e5", true, "Debian 3.15 PyInitConfig_Create"},
		{"55 48 8b ec", true, "the other encoding"},
		{"41 57 41 56 41 55 41 54 55 53 48 83 ec 18", false, "no frame pointer"},
		{"48 89 ec 5d c3", false, "mov rsp, rbp"},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.code, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := x86MakesFrame(b); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

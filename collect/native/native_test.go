package native

import (
	"reflect"
	"testing"

	"pytop/collect"
	"pytop/collect/elf"
	"pytop/collect/proc"
)

// known is a process of whose files all is known already: a program that keeps
// frame pointers, and a library that does not.
func known() *Symbols {
	text := []elf.Segment{{Address: 0x1000, Offset: 0, Size: 0x1000, Executable: true}}
	s := New(0)
	s.maps = []proc.Mapping{
		{Start: 0x10000, End: 0x11000, Perms: "r-xp", Inode: 1, Path: "/usr/bin/python3.15"},
		{Start: 0x11000, End: 0x12000, Perms: "rw-p", Inode: 1, Path: "/usr/bin/python3.15"},
		{Start: 0x20000, End: 0x21000, Perms: "r-xp", Inode: 2, Path: "/usr/lib/libc.so.6"},
		{Start: 0x30000, End: 0x31000, Perms: "rwxp"},
		{Start: 0x40000, End: 0x41000, Perms: "r-xp", Path: "[vdso]"},
	}
	s.code[proc.FileID{Inode: 1}] = &codeFile{
		frames: true, segments: text,
		functions: []elf.Function{
			{Name: "leaf", Address: 0x1100, Size: 0x100}, {Name: "caller", Address: 0x1200, Size: 0x80},
			{Address: 0x1280, Size: 0x80}, {Address: 0x1300, Size: 0x1000, Between: true},
		},
		returns: map[uint64]bool{0x1210: true, 0x1280: true, 0x1290: true, 0x1220: false},
	}
	s.code[proc.FileID{Inode: 2}] = &codeFile{segments: text, functions: []elf.Function{{Name: "memcpy", Address: 0x1000, Size: 0x100}}, returns: map[uint64]bool{0x1010: true}}
	return s
}

func TestNativeStack(t *testing.T) {
	leaf := collect.NativeFrame{Module: "python3.15", Symbol: "leaf", Offset: 0x10}
	caller := collect.NativeFrame{Module: "python3.15", Symbol: "caller", Offset: 0x10}
	memcpy := collect.NativeFrame{Module: "libc.so.6", Symbol: "memcpy", Offset: 0x10}
	for name, c := range map[string]struct {
		stack []uint64
		want  []collect.NativeFrame
		cut   bool
	}{
		"callers":                      {[]uint64{0x10110, 0x10210}, []collect.NativeFrame{leaf, caller}, false},
		"a call is a function's last":  {[]uint64{0x10110, 0x10280}, []collect.NativeFrame{leaf, {Module: "python3.15", Symbol: "caller", Offset: 0x80}}, false},
		"no symbol":                    {[]uint64{0x10110, 0x10290}, []collect.NativeFrame{leaf, {Module: "python3.15", Offset: 0x290, Start: 0x280}}, false},
		"nothing is known there":       {[]uint64{0x10310}, []collect.NativeFrame{{Module: "python3.15", Offset: 0x310}}, false},
		"returns behind no call":       {[]uint64{0x10110, 0x10220, 0x10210}, []collect.NativeFrame{leaf}, true},
		"returns into data":            {[]uint64{0x10110, 0x11210}, []collect.NativeFrame{leaf}, true},
		"returns into memory":          {[]uint64{0x10110, 0x30210}, []collect.NativeFrame{leaf}, true},
		"returns nowhere":              {[]uint64{0x10110, 0x99999}, []collect.NativeFrame{leaf}, true},
		"a leaf without frame pointer": {[]uint64{0x20010, 0x10210}, []collect.NativeFrame{memcpy}, true},
		"up to a library without":      {[]uint64{0x10110, 0x20010, 0x10210}, []collect.NativeFrame{leaf, memcpy}, true},
		"in memory of no file":         {[]uint64{0x30010, 0x10210}, []collect.NativeFrame{{Offset: 0x30010}}, true},
		"in the vdso":                  {[]uint64{0x40010}, []collect.NativeFrame{{Module: "[vdso]", Offset: 0x40010}}, true},
		"in nothing":                   {[]uint64{0x5}, []collect.NativeFrame{{Offset: 5}}, true},
	} {
		if got, cut := known().Stack(c.stack); !reflect.DeepEqual(got, c.want) || cut != c.cut {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, cut, c.want, c.cut)
		}
	}
}

// TestLooks: of several stacks the commonest of the commonest function.
func TestLooks(t *testing.T) {
	var l Looks
	if got := l.Sum(); !reflect.DeepEqual(got, collect.NativeLooks{}) {
		t.Errorf("%+v", got)
	}
	frame := func(symbol string, offset uint64) collect.NativeFrame {
		return collect.NativeFrame{Module: "m", Symbol: symbol, Offset: offset}
	}
	for range 3 {
		l.Add([]collect.NativeFrame{frame("rare", 1), frame("x", 1)}, false)
	}
	for i, callers := range []string{"a", "b", "b", "c"} {
		l.Add([]collect.NativeFrame{frame("often", uint64(i)), frame(callers, 7)}, callers == "b")
	}
	want := collect.NativeLooks{Stack: []collect.NativeFrame{frame("often", 1), frame("b", 7)}, Hits: 4, Looks: 7, Cut: true}
	if got := l.Sum(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

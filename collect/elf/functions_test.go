package elf

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"testing"
)

// TestFunctionAt: a function is found by its symbol, by the tables for
// unwinding, and by nothing.
func TestFunctionAt(t *testing.T) {
	whole := testdata(t, "rela.so")
	for name, b := range map[string][]byte{"whole": whole, "no section headers": withoutSections(whole)} {
		f, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		first, _ := f.Symbol("first")
		for _, at := range []uint64{first.Address, first.Address + first.Size - 1} {
			if got, err := f.FunctionAt(at); err != nil || got != (Function{Name: "first", Address: first.Address, Size: first.Size}) {
				t.Errorf("%s, %#x: %+v, %v", name, at, got, err)
			}
		}
		for _, at := range []uint64{first.Address - 1, first.Address + first.Size, 0, ^uint64(0)} {
			got, err := f.FunctionAt(at)
			if err != nil || got.Name != "" || !got.Between || got.Holds(first.Address) || at != ^uint64(0) && !got.Holds(at) {
				t.Errorf("%s, %#x: %+v, %v", name, at, got, err)
			}
		}
		if starts, err := f.FunctionStarts(10, first.Size); err != nil || len(starts) != 1 || starts[0] != first.Address {
			t.Errorf("%s: %x, %v", name, starts, err)
		}
		if starts, err := f.FunctionStarts(10, first.Size+1); err != nil || len(starts) != 0 {
			t.Errorf("%s: %x, %v", name, starts, err)
		}
	}
}

// TestFunctionAtNameless: where no symbol names a function, the tables for
// unwinding tell where it is, section headers or not.
func TestFunctionAtNameless(t *testing.T) {
	whole := testdata(t, "rela.so")
	f, err := parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := f.Symbol("first")
	value := le.AppendUint64(le.AppendUint64(nil, first.Address), first.Size)
	hidden := 0
	for at := 0; ; hidden++ {
		next := bytes.Index(whole[at:], value)
		if next < 0 {
			break
		}
		at += next
		whole[at-4] &^= 15 // the symbol's type: none
		at += len(value)
	}
	if hidden == 0 {
		t.Fatal("no symbol of first")
	}
	for name, b := range map[string][]byte{"whole": whole, "no section headers": withoutSections(whole)} {
		f, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []uint64{first.Address, first.Address + first.Size - 1} {
			if got, err := f.FunctionAt(at); err != nil || got != (Function{Address: first.Address, Size: first.Size}) {
				t.Errorf("%s, %#x: %+v, %v", name, at, got, err)
			}
		}
	}
}

// TestFunctionsOfFiles compares with debug/elf, on libc, which has dynamic
// symbols alone, and on the Go command, which has all.
func TestFunctionsOfFiles(t *testing.T) {
	golang, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{golang, "/lib/x86_64-linux-gnu/libc.so.6"} {
		theirs, err := elf.Open(path)
		if os.IsNotExist(err) {
			t.Logf("%s is not here", path) // another distribution's: one file is enough
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		symbols, _ := theirs.Symbols()
		dynamic, _ := theirs.DynamicSymbols()
		names := map[uint64]map[string]bool{}
		for _, s := range append(symbols, dynamic...) {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF && s.Size > 0 {
				if names[s.Value] == nil {
					names[s.Value] = map[string]bool{}
				}
				names[s.Value][s.Name] = true
			}
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		tried := 0
		for at := range names {
			got, err := f.FunctionAt(at)
			if err != nil || got.Address != at || !names[at][got.Name] {
				t.Errorf("%s: %#x is %+v, %v, not one of %v", path, at, got, err, names[at])
			}
			if tried++; tried == 100 {
				break
			}
		}
		if tried < 100 {
			t.Errorf("%s has only %d functions", path, tried)
		}
	}
}

// TestAddressOf: the byte of an offset, in code where it is there twice.
func TestAddressOf(t *testing.T) {
	segments := []Segment{
		{Address: 0, Offset: 0, Size: 0x1800},
		{Address: 0x2000, Offset: 0x1000, Size: 0x1000, Executable: true},
		{Address: 0x4000, Offset: 0x1f00, Size: 0x200, Writable: true},
	}
	for _, c := range []struct {
		offset, want uint64
		ok           bool
	}{{0x10, 0x10, true}, {0x1000, 0x2000, true}, {0x1f80, 0x2f80, true}, {0x2000, 0x4100, true}, {0x2100, 0, false}, {^uint64(0), 0, false}} {
		if got, ok := AddressOf(segments, c.offset); got != c.want || ok != c.ok {
			t.Errorf("%#x: %#x, %v", c.offset, got, ok)
		}
	}
}

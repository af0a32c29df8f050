package elf

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(b []byte) (*File, error) { return New(bytes.NewReader(b), int64(len(b))) }

// withoutSections is what strip --strip-section-headers leaves.
func withoutSections(b []byte) []byte {
	b = bytes.Clone(b[:le.Uint64(b[40:])])
	clear(b[40:48])
	clear(b[58:64])
	return b
}

func TestFile(t *testing.T) {
	files := map[string][]byte{
		"packed relocations":       testdata(t, "relr.so"),
		"relocations with addends": testdata(t, "rela.so"),
		"no section headers":       withoutSections(testdata(t, "relr.so")),
	}
	for name, b := range files {
		t.Run(name, func(t *testing.T) {
			f, err := parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Check(); err != nil {
				t.Fatal(err)
			}
			if f.Machine() != X86_64 || f.Fixed() || f.Soname() != "librelr.so.1" {
				t.Errorf("machine %v, fixed %v, soname %q", f.Machine(), f.Fixed(), f.Soname())
			}
			pointers, ok := f.Symbol("pointers")
			if !ok || pointers.Size != 70*8 {
				t.Fatalf("pointers: %+v, %v", pointers, ok)
			}
			words, ok := f.Pointer(pointers.Address)
			if !ok {
				t.Fatal("pointers[0] is none")
			}
			for _, i := range []uint64{1, 9, 68, 69} {
				if p, ok := f.Pointer(pointers.Address + 8*i); !ok || p != words+4*i {
					t.Errorf("pointers[%d] = %#x, %v, want %#x", i, p, ok, words+4*i)
				}
			}
			if p, ok := f.Pointer(pointers.Address + 8*10); ok {
				t.Errorf("pointers[10] = %#x, want none", p)
			}
			first, _ := f.Symbol("first")
			if !f.Executable(first.Address) || f.Executable(pointers.Address) {
				t.Error("first is not executable, or pointers is")
			}
			offset, ok := f.Offset(first.Address)
			code, err := f.Read(first.Address, 3)
			if !ok || err != nil || !bytes.Equal(code, b[offset:offset+3]) {
				t.Errorf("first is at offset %#x, %v: %x, %v", offset, ok, code, err)
			}
			if _, ok := f.Symbol("firs"); ok {
				t.Error("a part of a name is found")
			}
			at, err := f.Find("cpython-", 10)
			if err != nil || len(at) != 1 || f.Text(at[0], 20) != "cpython-38" || f.Text(at[0], 9) != "cpython-3" {
				t.Errorf("cache tag at %#x, %v", at, err)
			}
			if s, ok := f.Section(".text"); ok != (name != "no section headers") || ok && !f.Executable(s.Address) {
				t.Errorf(".text: %+v, %v", s, ok)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	good := testdata(t, "rela.so")
	with := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"empty":                  {nil, ErrNotELF},
		"text":                   {bytes.Repeat([]byte("#!/usr/bin/env python3\n"), 10), ErrNotELF},
		"32 bits":                {with(4, 1), ErrNot64Bit},
		"big-endian":             {with(5, 2), ErrBigEndian},
		"an object file":         {with(16, 1), ErrCorrupt},
		"program headers beyond": {with(32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), ErrCorrupt},
		"65535 program headers":  {with(56, 0xff, 0xff), ErrCorrupt},
		"a segment of 4 EiB":     {with(64+32, 0, 0, 0, 0, 0, 0, 0, 0x40), ErrCorrupt},
		"cut off":                {good[:len(good)/4], ErrCorrupt},
	} {
		if _, err := parse(c.file); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestOpen(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNotELF) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	f, err := Open("testdata/rela.so")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// Reads span segments that follow one another: patchelf moves .dynstr so.
func TestReadAcrossSegments(t *testing.T) {
	data := []byte("0123456789")
	f := &File{in: bytes.NewReader(data), size: 10, segments: []Segment{{Address: 104, Offset: 4, Size: 6}, {Address: 100, Offset: 0, Size: 4}}, loaded: make([][]byte, 2), onDisk: 10}
	f.account = open(f)
	for _, loaded := range []bool{false, true} {
		if loaded {
			if _, err := f.Bytes(0); err != nil {
				t.Fatal(err)
			}
		}
		if b, err := f.Read(102, 5); err != nil || string(b) != "23456" {
			t.Errorf("%q, %v", b, err)
		}
		if b, err := f.Read(105, 6); !errors.Is(err, ErrCorrupt) {
			t.Errorf("beyond the end: %q, %v", b, err)
		}
	}
}

// exercise asks a file everything; it returns nothing that could be checked.
func exercise(f *File) {
	_ = f.Check()
	_ = f.Soname()
	_, _ = f.Fingerprint()
	f.Symbol("pointers")
	f.Symbol("_PyRuntime")
	f.Section(".PyRuntime")
	r, _ := f.Relocations()
	for i := range r[:min(len(r), 100)] {
		f.Pointer(r[i].Address)
		f.Import(r[i].Address)
		f.Offset(r[i].Value)
		f.Executable(r[i].Value)
		f.CodeAt(r[i].Value)
	}
	_, _, _ = f.ImportsOf("pointers")
	at, _ := f.Find("cpython-", 4)
	for _, a := range at {
		f.Text(a, 16)
	}
	for i, s := range f.Segments() {
		_, _ = f.Bytes(i)
		_, _ = f.Read(s.Address+s.Size-1, 16)
		_, _ = f.FunctionAt(s.Address + s.Size/2)
		f.CodeAt(s.Address + s.Size/2)
	}
	_, _ = f.FunctionStarts(10, 1)
	f.Exported(0x1000)
	f.Release()
}

// A file may claim any size: no more is allocated than it has, some times over.
func TestAllocation(t *testing.T) {
	good := testdata(t, "relr.so")
	var before, after runtime.MemStats
	for at := 0; at+8 <= len(good); at += 4 {
		for _, huge := range [][]byte{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, {0, 0, 0, 0x40, 0, 0, 0, 0}} {
			b := bytes.Clone(good)
			copy(b[at:], huge)
			runtime.ReadMemStats(&before)
			if f, err := parse(b); err == nil {
				exercise(f)
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
				t.Fatalf("%d bytes allocated with %x at %#x", n, huge, at)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"relr.so", "rela.so"} {
		b := testdata(f, name)
		f.Add(b)
		f.Add(withoutSections(b))
		f.Add(b[:len(b)/2])
		f.Add(b[:headerSize])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if file, err := parse(b); err == nil {
			exercise(file)
			exercise(file) // now held against its fingerprint
			if n := file.account.held.Load(); n != 0 {
				t.Errorf("%d bytes are still accounted for", n)
			}
		}
	})
}

package elf

import (
	"bytes"
	"testing"
)

// unwindOf is where a file's .eh_frame_hdr is, and the entry that it names.
func unwindOf(t *testing.T, b []byte) (table, entry uint64) {
	t.Helper()
	f, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	table = f.unwind.at
	first, err := f.Read(table+searchHead, searchEntry)
	if err != nil {
		t.Fatal(err)
	}
	return table, table + uint64(int64(int32(le.Uint32(first[4:]))))
}

func TestCodeAt(t *testing.T) {
	b := testdata(t, "rela.so") // its addresses are its offsets up to the data
	table, entry := unwindOf(t, b)
	common := entry + 4 - uint64(le.Uint32(b[entry+4:]))
	file, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	first, ok := file.Symbol("first")
	if !ok {
		t.Fatal("no first")
	}
	for _, c := range []struct {
		name   string
		change func(b []byte)
		ok     bool
	}{
		{"as it is", func([]byte) {}, true},
		{"no section headers", func(b []byte) { copy(b, withoutSections(b)) }, true},
		{"another form of the table", func(b []byte) { b[table+3] = 0x3c }, false},
		{"another form of its length", func(b []byte) { b[table+2] = 0x04 }, false},
		{"a table of more than the file has", func(b []byte) { le.PutUint32(b[table+8:], 1<<20) }, false},
		{"an empty table", func(b []byte) { le.PutUint32(b[table+8:], 0) }, false},
		{"a table that names another start", func(b []byte) { b[table+searchHead]++ }, false},
		{"an entry outside the file", func(b []byte) { le.PutUint32(b[table+searchHead+4:], 1<<30) }, false},
		{"an entry of no code", func(b []byte) { le.PutUint32(b[entry+12:], 0) }, false},
		{"an entry of 64 bits", func(b []byte) { le.PutUint32(b[entry:], 0xffffffff) }, false},
		{"an entry that ends before it", func(b []byte) { le.PutUint32(b[entry+12:], 1) }, false},
		{"a head that is no head", func(b []byte) { b[common+4] = 1 }, false},
		{"another version", func(b []byte) { b[common+8] = 4 }, false},
		{"a letter that is not known", func(b []byte) { b[common+10] = 'X' }, false},
		{"no letter", func(b []byte) { b[common+9] = 0 }, false},
		{"addresses in another form", func(b []byte) { b[bytes.IndexByte(b[common:], 0x1b)+int(common)] = 0x04 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bytes.Clone(b)
			c.change(b)
			f, err := parse(b)
			if err != nil {
				t.Fatal(err)
			}
			fn, ok := f.CodeAt(first.Address + 2)
			if ok != c.ok || ok && (fn.Start != first.Address || fn.End != first.Address+first.Size) {
				t.Errorf("%#x, %v; first is %#x", fn, ok, first)
			}
			if _, ok := f.CodeAt(first.Address - 1); ok {
				t.Error("before all code there is a function")
			}
			if _, ok := f.CodeAt(first.Address + first.Size); ok {
				t.Error("behind all code there is a function")
			}
		})
	}
}

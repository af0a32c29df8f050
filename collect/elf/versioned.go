package elf

import (
	"bytes"
	"debug/elf"
	"strings"
)

// hidden marks a symbol's version that only programs linked long ago use.
const hidden = 0x8000

// Default finds a dynamic symbol that the file defines, in the version that a
// program linked today gets: foo@@V2, not foo@V1.
func (f *File) Default(name string) (Symbol, bool) {
	if f.loadDynamic() != nil || name == "" || strings.IndexByte(name, 0) >= 0 {
		return Symbol{}, false
	}
	d := &f.dynamic
	count := uint64(len(d.symbols) / symbolSize)
	var versions []byte
	if at := d.tags[elf.DT_VERSYM]; at != 0 {
		versions, _ = f.Read(at, 2*count) // unreadable: as without versions
	}
	want := []byte(name + "\x00")
	for i := range count {
		b := d.symbols[i*symbolSize:]
		at := uint64(le.Uint32(b))
		if at >= uint64(len(d.names)) || elf.SectionIndex(le.Uint16(b[6:])) == elf.SHN_UNDEF || !bytes.HasPrefix(d.names[at:], want) {
			continue
		}
		if versions == nil || le.Uint16(versions[2*i:])&hidden == 0 {
			return Symbol{Address: le.Uint64(b[8:]), Size: le.Uint64(b[16:])}, true
		}
	}
	return Symbol{}, false
}

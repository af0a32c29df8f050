package elf

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"fmt"
)

const (
	sectionSize  = 64
	maxNoteSize  = 64 << 10
	maxBuildID   = 64
	maxNamesSize = 1 << 20
)

// Section is a part of the file as the linker named it.
type Section struct {
	Address uint64 // 0: not mapped
	Offset  uint64 // in the file
	Size    uint64 // bytes
}

// Section finds a section that has bytes in the file. False: no such section,
// or the section headers were stripped.
func (f *File) Section(name string) (Section, bool) {
	if f.sectionCount == 0 || f.sectionNames >= f.sectionCount {
		return Section{}, false
	}
	b, err := f.ReadFile(f.sectionsAt, uint64(f.sectionCount)*sectionSize)
	if err != nil {
		return Section{}, false
	}
	names := b[f.sectionNames*sectionSize:]
	text, err := f.ReadFile(le.Uint64(names[24:]), min(le.Uint64(names[32:]), maxNamesSize))
	if err != nil {
		return Section{}, false
	}
	want := []byte(name + "\x00")
	for ; len(b) > 0; b = b[sectionSize:] {
		at := uint64(le.Uint32(b))
		if elf.SectionType(le.Uint32(b[4:])) == elf.SHT_NOBITS || at >= uint64(len(text)) || !bytes.HasPrefix(text[at:], want) {
			continue
		}
		return Section{Address: le.Uint64(b[16:]), Offset: le.Uint64(b[24:]), Size: le.Uint64(b[32:])}, true
	}
	return Section{}, false
}

// BuildID is the file's GNU build ID in hexadecimal; empty: it has none.
func (f *File) BuildID() string {
	for _, n := range f.notes {
		b, err := f.ReadFile(n[0], min(n[1], maxNoteSize))
		if err != nil {
			continue
		}
		if id := findBuildID(b); id != nil {
			return hex.EncodeToString(id)
		}
	}
	return ""
}

// findBuildID looks through notes: sizes of name and contents, type, both
// padded to four bytes.
func findBuildID(b []byte) []byte {
	const typeBuildID = 3
	for len(b) >= 12 {
		name, size, kind := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), le.Uint32(b[8:])
		b = b[12:]
		padded := (name+3)&^3 + (size+3)&^3
		if (name+3)&^3+size > uint64(len(b)) {
			return nil
		}
		if kind == typeBuildID && string(b[:name]) == "GNU\x00" && size > 0 && size <= maxBuildID {
			return b[(name+3)&^3:][:size]
		}
		b = b[min(padded, uint64(len(b))):]
	}
	return nil
}

// Find is where a text occurs in the file's constants (mapped, not writable):
// the first places, at most so many.
func (f *File) Find(text string, most int) ([]uint64, error) {
	var found []uint64
	for i := range f.segments {
		if f.segments[i].Writable || text == "" {
			continue
		}
		b, err := f.Bytes(i)
		if err != nil {
			return nil, fmt.Errorf("constants: %w", err)
		}
		for at := 0; len(found) < most; at += len(text) {
			n := bytes.Index(b[at:], []byte(text))
			if n < 0 {
				break
			}
			at += n
			found = append(found, f.segments[i].Address+uint64(at))
		}
	}
	return found, nil
}

// Text is the text at an address: what precedes a zero byte, at most so many
// bytes; empty when there is no such text.
func (f *File) Text(address uint64, most int) string {
	i := f.segment(address, 1)
	if i < 0 {
		return ""
	}
	rest := f.segments[i].Size - (address - f.segments[i].Address)
	b, err := f.Read(address, min(rest, uint64(max(most, 0))))
	if err != nil {
		return ""
	}
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(b)
}

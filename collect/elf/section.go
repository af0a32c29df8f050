package elf

import (
	"bytes"
	"debug/elf"
	"fmt"
)

const (
	sectionSize  = 64
	maxNamesSize = 1 << 20
	searched     = 256 << 10 // bytes at once, by Find
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
	if f.sectionText.Size == 0 {
		return Section{}, false
	}
	b, err := f.ReadFile(f.sectionsAt, uint64(f.sectionCount)*sectionSize)
	if err != nil {
		return Section{}, false
	}
	text, err := f.ReadFile(f.sectionText.Offset, f.sectionText.Size)
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

// findSectionNames finds where the names of sections are. Without them there
// are no sections to find.
func (f *File) findSectionNames() {
	if f.sectionNames >= f.sectionCount || f.sectionsAt > f.size {
		return
	}
	b, err := f.ReadFile(f.sectionsAt+uint64(f.sectionNames)*sectionSize, sectionSize)
	if err == nil {
		f.sectionText = Section{Offset: le.Uint64(b[24:]), Size: min(le.Uint64(b[32:]), maxNamesSize)}
	}
}

// Find is where a text occurs in the file's constants (mapped, not writable):
// the first places, at most so many. It reads them through and keeps nothing.
func (f *File) Find(text string, most int) ([]uint64, error) {
	if err := f.mayLoad(); err != nil {
		return nil, fmt.Errorf("constants: %w", err)
	}
	var found []uint64
	for i := range f.segments {
		s := &f.segments[i]
		if s.Writable || text == "" {
			continue
		}
		for at := uint64(0); at < s.Size && len(found) < most; at += searched {
			b, err := f.Read(s.Address+at, min(searched+uint64(len(text))-1, s.Size-at))
			if err != nil {
				return nil, fmt.Errorf("constants: %w", err)
			}
			for from := 0; len(found) < most; from += len(text) {
				n := bytes.Index(b[from:], []byte(text))
				if n < 0 {
					break
				}
				from += n
				found = append(found, s.Address+at+uint64(from))
			}
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

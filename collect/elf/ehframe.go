package elf

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sort"
)

// What of .eh_frame and .eh_frame_hdr is read: the forms that compilers and
// linkers make on x86-64 and arm64. Others are taken for absent.
const (
	relative4       = 0x1b // DW_EH_PE_pcrel | DW_EH_PE_sdata4
	unsigned4       = 0x03 // DW_EH_PE_udata4
	tableRelative4  = 0x3b // DW_EH_PE_datarel | DW_EH_PE_sdata4
	searchHead      = 12   // bytes before the search table
	searchEntry     = 8    // start, unwind entry: both four bytes, from the table's beginning on
	mostUnwound     = 4 << 20
	mostUnwindBytes = 4096 // of one entry: what is read lies in its first bytes
)

// Code is a piece of code that compilers describe as one (an FDE in
// .eh_frame): a function, a part of one that was moved away, or a stub's
// section. Its first byte begins an instruction.
type Code struct {
	Start, End uint64 // addresses: [Start, End)
}

// unwind are the search tables of the file, found once.
type unwind struct {
	found  bool
	at     uint64 // address of .eh_frame_hdr; 0: there is none
	tables []searchTable
}

// searchTable is what .eh_frame_hdr has behind its head: by start. It is read
// entry by entry, since those of large libraries have megabytes.
type searchTable struct {
	at    uint64 // of .eh_frame_hdr
	count uint64 // entries
}

// CodeAt finds the piece of code that an address is in. False: .eh_frame
// tells of none, or not in a form that is understood. It survives strip.
func (f *File) CodeAt(address uint64) (Code, bool) {
	u := &f.unwind
	if !u.found {
		u.found = true
		f.findSearchTable(u.at)
		if old, ok := f.Section(".bolt.org.eh_frame_hdr"); ok { // of the code that BOLT moved, and left where it was
			f.findSearchTable(old.Address)
		}
	}
	for _, t := range u.tables {
		if code, err := f.search(t, address); err == nil && address >= code.Start && address < code.End {
			return code, true
		}
	}
	return Code{}, false
}

// findSearchTable notes a table, if there is one in a form that is understood.
func (f *File) findSearchTable(at uint64) {
	h, err := f.Read(at, searchHead)
	if at == 0 || err != nil || h[0] != 1 || h[1] != relative4 || h[2] != unsigned4 || h[3] != tableRelative4 {
		return
	}
	t := searchTable{at, uint64(le.Uint32(h[8:]))}
	if t.count == 0 || t.count > mostUnwound {
		return
	}
	if _, _, err := f.searchEntry(t, t.count-1); err == nil {
		f.unwind.tables = append(f.unwind.tables, t)
	}
}

// searchEntry reads where the code of an entry begins, and the address of what
// tells of it.
func (f *File) searchEntry(t searchTable, i uint64) (start, entry uint64, err error) {
	b, err := f.Read(t.at+searchHead+i*searchEntry, searchEntry)
	if err != nil {
		return 0, 0, err
	}
	return t.at + signed(b), t.at + signed(b[4:]), nil
}

// search finds the last piece of code that begins at an address or before it.
func (f *File) search(t searchTable, address uint64) (Code, error) {
	var failed error
	next := sort.Search(int(t.count), func(i int) bool {
		start, _, err := f.searchEntry(t, uint64(i))
		failed = errors.Join(failed, err)
		return start > address
	})
	if failed != nil {
		return Code{}, failed
	}
	if next == 0 { // before all
		return Code{}, nil
	}
	start, entry, err := f.searchEntry(t, uint64(next-1))
	if err != nil {
		return Code{}, err
	}
	code, err := f.unwound(entry)
	if err == nil && code.Start != start {
		err = fmt.Errorf("%w: unwind entry at %#x is of other code than %#x", ErrCorrupt, entry, start)
	}
	return code, err
}

// signed is a signed number of 32 bits as what is added to an address.
func signed(b []byte) uint64 { return uint64(int64(int32(le.Uint32(b)))) }

// unwound reads the piece of code that an entry of .eh_frame (FDE) is about.
func (f *File) unwound(at uint64) (Code, error) {
	b, err := f.Read(at, 16)
	if err != nil {
		return Code{}, err
	}
	size, back := le.Uint32(b), uint64(le.Uint32(b[4:]))
	if size < 12 || size == math.MaxUint32 || back == 0 || back > at+4 {
		return Code{}, fmt.Errorf("%w: unwind entry at %#x", ErrCorrupt, at)
	}
	if err := f.checkCommon(at + 4 - back); err != nil {
		return Code{}, err
	}
	start := at + 8 + signed(b[8:])
	end := start + uint64(le.Uint32(b[12:]))
	if end <= start {
		return Code{}, fmt.Errorf("%w: unwind entry at %#x is of no code", ErrCorrupt, at)
	}
	return Code{start, end}, nil
}

// checkCommon looks whether the entries that share a head (CIE) say where
// their code is in four bytes, relative to these.
func (f *File) checkCommon(at uint64) error {
	refuse := fmt.Errorf("%w: unwind head at %#x", ErrCorrupt, at)
	head, err := f.Read(at, 8)
	if err != nil {
		return err
	}
	size := uint64(le.Uint32(head))
	if size < 8 || size > mostUnwindBytes || le.Uint32(head[4:]) != 0 {
		return refuse
	}
	b, err := f.Read(at+8, size-4)
	if err != nil {
		return err
	}
	end := bytes.IndexByte(b[1:], 0) // behind the version: the augmentation, a text
	if b[0] != 1 && b[0] != 3 || end < 1 || b[1] != 'z' {
		return refuse
	}
	letters, b := b[2:1+end], b[2+end:]
	for range 4 { // alignment of code and of data, return register, size of what the letters are about
		for len(b) > 0 && b[0] >= 0x80 { // in base 128, the last byte below it
			b = b[1:]
		}
		b = b[min(1, len(b)):]
	}
	for _, letter := range letters {
		if len(b) == 0 {
			return refuse
		}
		switch letter {
		case 'R':
			if b[0] != relative4 {
				return refuse
			}
			return nil
		case 'L':
			b = b[1:]
		case 'P':
			n := map[byte]int{0: 8, 2: 2, 3: 4, 4: 8}[b[0]&7]
			if n == 0 || len(b) < 1+n {
				return refuse
			}
			b = b[1+n:]
		case 'S', 'B':
		default:
			return refuse
		}
	}
	return refuse
}

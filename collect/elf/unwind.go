package elf

import "sort"

const (
	ehHeadSize = 12   // version, three encodings, where .eh_frame is, how many entries
	pcrelInt   = 0x1b // encodings: 32 bits, signed, from here on
	plainInt   = 0x03 // 32 bits, unsigned
	datarelInt = 0x3b // 32 bits, signed, from the section's beginning
)

// Unwound finds the function whose code holds an address by the tables for
// unwinding, which outlive strip: where it begins, and its size in bytes. A
// part that the compiler moved away is a function of its own. False: they do
// not tell, or are of another form than linkers write.
func (f *File) Unwound(address uint64) (start, size uint64, ok bool) {
	s, found := f.Section(".eh_frame_hdr")
	if !found || s.Size < ehHeadSize {
		return 0, 0, false
	}
	h, err := f.ReadFile(s.Offset, ehHeadSize)
	if err != nil || h[0] != 1 || h[1] != pcrelInt || h[2] != plainInt || h[3] != datarelInt {
		return 0, 0, false
	}
	entry := func(i uint64) (start, fde uint64) { // in ascending order
		b, err := f.ReadFile(s.Offset+ehHeadSize+8*i, 8)
		if err != nil {
			return 0, 0
		}
		return s.Address + signed(b), s.Address + signed(b[4:])
	}
	count := min(uint64(le.Uint32(h[8:])), (s.Size-ehHeadSize)/8)
	next := sort.Search(int(count), func(i int) bool { start, _ := entry(uint64(i)); return start > address })
	if next == 0 {
		return 0, 0, false
	}
	start, fde := entry(uint64(next - 1))
	b, err := f.Read(fde, 16) // length, which CIE, begin, size: as the CIE says, so it is compared
	if err != nil || fde+8+signed(b[8:]) != start {
		return 0, 0, false
	}
	size = uint64(le.Uint32(b[12:]))
	return start, size, address-start < size
}

// signed is a signed number of 32 bits as what is added to an address.
func signed(b []byte) uint64 { return uint64(int64(int32(le.Uint32(b)))) }

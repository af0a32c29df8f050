package cpython

// LineTable is how a version writes down which line an instruction is of.
type LineTable uint8

// The tables, oldest first.
const (
	Lnotab    LineTable = iota // 3.8, 3.9: co_lnotab (Objects/lnotab_notes.txt)
	Lines                      // 3.10: co_linetable (PEP 626)
	Locations                  // 3.11 and later: co_linetable (Objects/locations.md)
)

func lineTable(v version) LineTable {
	switch {
	case v.minor <= 9:
		return Lnotab
	case v.minor == 10:
		return Lines
	}
	return Locations
}

// Line is the line of the instruction that runs, or ran last, in a code object
// that begins at line first; 0: it has none, or the table is not one. last is
// its offset in bytes; up to 3.10 it is f_lasti.
func (k LineTable) Line(table []byte, first int, last int64) int {
	switch k {
	case Lnotab:
		return lnotabLine(table, first, last)
	case Lines:
		return linesLine(table, first, 2*last) // f_lasti counts instructions
	}
	return locationsLine(table, first, last)
}

// lnotabLine: pairs of how far on and how many lines.
func lnotabLine(table []byte, line int, last int64) int {
	at := int64(0)
	for ; len(table) >= 2; table = table[2:] {
		if at += int64(table[0]); at > last {
			break
		}
		line += int(int8(table[1]))
	}
	return line
}

// linesLine: pairs of a range's length and how many lines it is on; -128: it has no line.
func linesLine(table []byte, line int, last int64) int {
	at := int64(0)
	for ; len(table) >= 2; table = table[2:] {
		delta := int(int8(table[1]))
		if delta != -128 {
			line += delta
		}
		if at += int64(table[0]); at > last {
			if delta == -128 {
				return 0
			}
			return line
		}
	}
	return 0
}

// locationsLine: entries that begin with a byte with its highest bit set, then
// four bits of form, then three of length in instructions of two bytes, less one.
func locationsLine(table []byte, line int, last int64) int {
	const noColumns, long, none = 13, 14, 15
	at := int64(0)
	for len(table) > 0 {
		head := table[0]
		if head&0x80 == 0 {
			return 0
		}
		form := head >> 3 & 15
		rest := table[1:]
		switch {
		case form == noColumns, form == long:
			delta, _ := signedVarint(rest)
			line += delta
		case form >= 10 && form <= 12:
			line += int(form) - 10
		}
		if at += 2 * (int64(head&7) + 1); at > last {
			if form == none {
				return 0
			}
			return line
		}
		for len(rest) > 0 && rest[0]&0x80 == 0 {
			rest = rest[1:]
		}
		table = rest
	}
	return 0
}

// signedVarint reads six bits a byte, the lowest first, bit 6 set while more
// follow; of the value the lowest bit is the sign.
func signedVarint(b []byte) (value, size int) {
	u := uint(0)
	for shift := 0; size < len(b) && shift < 32; shift += 6 {
		c := b[size]
		size++
		u |= uint(c&63) << shift
		if c&64 == 0 {
			break
		}
	}
	if u&1 != 0 {
		return -int(u >> 1), size
	}
	return int(u >> 1), size
}

// HeadSize is how many bytes of a frame hold all fields but its locals.
func (o FrameOffsets) HeadSize() uint32 {
	size := max(o.Executable, o.Previous) + 8
	for _, field := range []uint32{o.InstrPtr, o.Lasti, o.Owner} {
		if field != Absent {
			size = max(size, field+8)
		}
	}
	return size
}

// Package elf reads what pytop needs from ELF64 files: segments, dynamic
// symbols, relocated pointers, build ID. The files belong to other people's
// processes, so nothing in them is believed: every offset and size is checked
// against the file before it is used, and nothing is allocated for a size that
// the file does not have. Sections are optional: everything but Section works
// without section headers.
package elf

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Why a file is refused; branch on them with errors.Is.
var (
	ErrNotELF    = errors.New("not an ELF file")
	ErrNot64Bit  = errors.New("not a 64-bit ELF file")
	ErrBigEndian = errors.New("a big-endian ELF file")
	ErrCorrupt   = errors.New("corrupt ELF file")
	// ErrSparse: it claims far more bytes than it takes on disk.
	ErrSparse = errors.New("an ELF file that is mostly holes")
	// ErrLarge: more of it is mapped than is worth reading.
	ErrLarge = errors.New("an ELF file that is too large to be looked through")
	// ErrChanged: it was written to or cut short after it was looked at.
	ErrChanged = errors.New("the file changed while it was read")
	// ErrFull: all open files together keep too much; later there may be room.
	ErrFull = errors.New("too much of other files is in memory")
)

// Machine is the processor that a file is for.
type Machine uint16

// The machines pytop knows.
const (
	X86_64  = Machine(elf.EM_X86_64)
	AArch64 = Machine(elf.EM_AARCH64)
)

// String names a machine as debug/elf does, without its prefix.
func (m Machine) String() string {
	switch m {
	case X86_64:
		return "x86-64"
	case AArch64:
		return "aarch64"
	}
	return elf.Machine(m).String()
}

const (
	headerSize  = 64
	programSize = 56
	maxPrograms = 512 // a linker makes about 12; BOLT a few more
	// maxLoaded bounds one read, and the memory of one file's segments. A debug
	// build of CPython has 30 MiB, a program that links it statically some hundred.
	maxLoaded = 512 << 20
)

// Segment is a part of the file that is mapped when it runs (PT_LOAD).
type Segment struct {
	Address    uint64 // of its first byte, as the file numbers memory
	Offset     uint64 // of its first byte in the file
	Size       uint64 // bytes that are in the file: all of them are
	Executable bool
	Writable   bool
}

// holds tells whether n bytes from address are in the file.
func (s *Segment) holds(address, n uint64) bool {
	return address >= s.Address && address-s.Address <= s.Size && n <= s.Size-(address-s.Address)
}

// File is an open ELF file. It reads lazily and keeps what it read until
// Release, so it must not be used from two goroutines at once. No lock is held
// while it reads: a goroutine whose read never returns (FUSE, NFS) can be left
// behind, and closes the file if it ever returns.
type File struct {
	in       io.ReaderAt
	closer   io.Closer // nil: not the file's own to close
	size     uint64
	onDisk   uint64 // bytes
	machine  Machine
	fixed    bool // ET_EXEC
	segments []Segment
	loaded   [][]byte // by segment; nil: not yet
	account  *account // of what is kept
	seal     *seal    // nil: see Fingerprint

	dynamicAt, dynamicSize uint64 // in the file
	sectionsAt             uint64
	sectionCount           int
	sectionNames           int
	sectionText            Section // the names of sections; empty: none

	dynamic dynamic
	relocs  relocations
	unwind  unwind
}

// New reads an ELF file of size bytes through in.
func New(in io.ReaderAt, size int64) (*File, error) {
	f := &File{in: in, size: uint64(max(size, 0)), onDisk: math.MaxUint64}
	f.account = open(f)
	var h [headerSize]byte
	if f.size < headerSize {
		return nil, ErrNotELF
	}
	if err := f.readAt(h[:], 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	switch {
	case string(h[:4]) != elf.ELFMAG:
		return nil, ErrNotELF
	case h[elf.EI_CLASS] != byte(elf.ELFCLASS64):
		return nil, ErrNot64Bit
	case h[elf.EI_DATA] != byte(elf.ELFDATA2LSB):
		return nil, ErrBigEndian
	}
	f.machine = Machine(le.Uint16(h[18:]))
	switch elf.Type(le.Uint16(h[16:])) {
	case elf.ET_EXEC:
		f.fixed = true
	case elf.ET_DYN:
	default:
		return nil, fmt.Errorf("%w: neither an executable nor a shared object", ErrCorrupt)
	}
	f.sectionsAt = le.Uint64(h[40:])
	if le.Uint16(h[58:]) == sectionSize {
		f.sectionCount, f.sectionNames = int(le.Uint16(h[60:])), int(le.Uint16(h[62:]))
	}
	if le.Uint16(h[54:]) != programSize {
		return nil, fmt.Errorf("%w: program header size", ErrCorrupt)
	}
	f.findSectionNames()
	return f, f.readPrograms(le.Uint64(h[32:]), int(le.Uint16(h[56:])))
}

var le = binary.LittleEndian

// readPrograms reads the program headers: what is mapped, and where the
// dynamic section is.
func (f *File) readPrograms(at uint64, count int) error {
	if count == 0 || count > maxPrograms {
		return fmt.Errorf("%w: %d program headers", ErrCorrupt, count)
	}
	b, err := f.ReadFile(at, uint64(count)*programSize)
	if err != nil {
		return fmt.Errorf("program headers: %w", err)
	}
	for ; len(b) > 0; b = b[programSize:] {
		flags, offset, address, size := elf.ProgFlag(le.Uint32(b[4:])), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[32:])
		if size == 0 || offset > f.size || size > f.size-offset || address+size < address {
			if size != 0 && elf.ProgType(le.Uint32(b)) == elf.PT_LOAD {
				return fmt.Errorf("%w: a segment lies outside the file", ErrCorrupt)
			}
			continue
		}
		switch elf.ProgType(le.Uint32(b)) {
		case elf.PT_LOAD:
			f.segments = append(f.segments, Segment{address, offset, size, flags&elf.PF_X != 0, flags&elf.PF_W != 0})
		case elf.PT_DYNAMIC:
			f.dynamicAt, f.dynamicSize = offset, size
		case elf.PT_GNU_EH_FRAME:
			f.unwind.at = address
		}
	}
	f.loaded = make([][]byte, len(f.segments))
	return nil
}

// Machine is the processor that the file is for.
func (f *File) Machine() Machine { return f.machine }

// Fixed tells whether the file runs at the addresses it names (ET_EXEC) rather
// than anywhere (ET_DYN: shared objects and PIE).
func (f *File) Fixed() bool { return f.fixed }

// Size is the file's size in bytes.
func (f *File) Size() uint64 { return f.size }

// Segments are the parts of the file that are mapped, in the file's order.
func (f *File) Segments() []Segment { return f.segments }

// ReadFile reads n bytes at an offset of the file.
func (f *File) ReadFile(offset, n uint64) ([]byte, error) {
	if offset > f.size || n > f.size-offset || n > maxLoaded {
		return nil, fmt.Errorf("%w: %#x bytes at offset %#x of %#x", ErrCorrupt, n, offset, f.size)
	}
	b := make([]byte, n)
	if err := f.readAt(b, offset); err != nil {
		return nil, fmt.Errorf("offset %#x: %w", offset, err)
	}
	return b, nil
}

// Bytes are all bytes of segment i, kept once read until Release: not to be
// written to.
func (f *File) Bytes(i int) ([]byte, error) {
	if f.loaded[i] != nil {
		return f.loaded[i], nil
	}
	s := f.segments[i]
	if err := f.mayLoad(); err != nil {
		return nil, err
	}
	if err := f.account.take(s.Size); err != nil {
		return nil, err
	}
	b, err := f.ReadFile(s.Offset, s.Size)
	if err != nil {
		f.account.give(s.Size)
		return nil, err
	}
	f.loaded[i] = b
	return b, nil
}

// segment finds the segment that has n bytes from address in the file; -1: none.
func (f *File) segment(address, n uint64) int {
	for i := range f.segments {
		if f.segments[i].holds(address, n) {
			return i
		}
	}
	return -1
}

// Read reads n bytes at an address as the file has them: not relocated. They
// may run from one segment into the next (patchelf moves tables so). Without
// its segment loaded it reads just those bytes.
func (f *File) Read(address, n uint64) ([]byte, error) {
	var b []byte
	for {
		i := f.segment(address, 1)
		if i < 0 || uint64(len(b)) > maxLoaded {
			return nil, fmt.Errorf("%w: %#x bytes at address %#x are not in the file", ErrCorrupt, n, address)
		}
		at := address - f.segments[i].Address
		part := min(n, f.segments[i].Size-at)
		var piece []byte
		var err error
		if loaded := f.loaded[i]; loaded != nil {
			piece = loaded[at : at+part : at+part]
		} else if piece, err = f.ReadFile(f.segments[i].Offset+at, part); err != nil {
			return nil, err
		}
		if part == n && b == nil {
			return piece, nil
		}
		if b = append(b, piece...); part == n {
			return b, nil
		}
		address, n = address+part, n-part
	}
}

// Offset is where in the file the byte of an address is; false: nowhere.
func (f *File) Offset(address uint64) (uint64, bool) {
	if i := f.segment(address, 1); i >= 0 {
		return f.segments[i].Offset + address - f.segments[i].Address, true
	}
	return 0, false
}

// Executable tells whether the byte at address is in an executable segment.
func (f *File) Executable(address uint64) bool {
	i := f.segment(address, 1)
	return i >= 0 && f.segments[i].Executable
}

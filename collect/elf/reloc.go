package elf

import (
	"cmp"
	"debug/elf"
	"fmt"
	"math/bits"
	"slices"
	"sort"
)

const (
	relaSize = 24
	// maxPointers bounds the pointers of a file, and its imports: CPython has
	// some 20,000, the largest programs a million. A packed word stands for 63.
	maxPointers = 2 << 20
	// pointerKept and importKept are what one of each takes in memory.
	pointerKept, importKept = 16, 64

	dtRELRSize = elf.DynTag(35) // DT_RELRSZ: debug/elf has no name for it yet
	dtRELR     = elf.DynTag(36)
)

// Relocation is a pointer that the dynamic linker completes: the eight bytes
// at Address become Value (plus the load bias).
type Relocation struct {
	Address uint64
	Value   uint64
}

// relocations are read once.
type relocations struct {
	read    bool
	err     error
	values  []Relocation      // by address
	imports map[uint64]uint32 // address → where the name is of a symbol that the file does not define
	plain   map[uint64]bool   // of imports: not for the global offset table
}

// Relocations are all pointers into the file itself that the dynamic linker
// completes, by address.
func (f *File) Relocations() ([]Relocation, error) {
	r := &f.relocs
	if !r.read {
		r.read = true
		r.imports, r.plain = map[uint64]uint32{}, map[uint64]bool{}
		r.err = f.readRelocations()
	}
	return r.values, r.err
}

func (f *File) readRelocations() error {
	if err := f.loadDynamic(); err != nil {
		return err
	}
	tags := f.dynamic.tags
	if err := f.readRELR(tags[dtRELR], tags[dtRELRSize]); err != nil {
		return fmt.Errorf("relocations: %w", err)
	}
	for _, t := range [][2]elf.DynTag{{elf.DT_RELA, elf.DT_RELASZ}, {elf.DT_JMPREL, elf.DT_PLTRELSZ}} {
		if err := f.readRELA(tags[t[0]], tags[t[1]]); err != nil {
			return fmt.Errorf("relocations: %w", err)
		}
	}
	if err := f.account.take(uint64(pointerKept*cap(f.relocs.values) + importKept*len(f.relocs.imports))); err != nil {
		return fmt.Errorf("relocations: %w", err)
	}
	byAddress := func(a, b Relocation) int { return cmp.Compare(a.Address, b.Address) }
	if !slices.IsSortedFunc(f.relocs.values, byAddress) {
		slices.SortStableFunc(f.relocs.values, byAddress)
	}
	return nil
}

// readRELA reads a table of relocations with addends. Those it does not know
// are not about plain pointers.
func (f *File) readRELA(at, size uint64) error {
	r := &f.relocs
	if size == 0 {
		return nil
	}
	if n := uint64(len(r.values) + len(r.imports)); size/relaSize > maxPointers-n {
		return tooMany(size / relaSize)
	}
	b, err := f.Read(at, size/relaSize*relaSize)
	if err != nil {
		return err
	}
	r.values = slices.Grow(r.values, len(b)/relaSize)
	for ; len(b) > 0; b = b[relaSize:] {
		address, kind, symbol, addend := le.Uint64(b), le.Uint32(b[8:]), le.Uint32(b[12:]), le.Uint64(b[16:])
		switch {
		case f.machine == X86_64 && elf.R_X86_64(kind) == elf.R_X86_64_RELATIVE,
			f.machine == AArch64 && elf.R_AARCH64(kind) == elf.R_AARCH64_RELATIVE:
			r.values = append(r.values, Relocation{address, addend})
		case f.machine == X86_64 && named(elf.R_X86_64(kind), elf.R_X86_64_64, elf.R_X86_64_GLOB_DAT, elf.R_X86_64_JMP_SLOT),
			f.machine == AArch64 && named(elf.R_AARCH64(kind), elf.R_AARCH64_ABS64, elf.R_AARCH64_GLOB_DAT, elf.R_AARCH64_JUMP_SLOT):
			name, value, ok := f.dynamic.symbol(uint64(symbol))
			if ok && value != 0 {
				r.values = append(r.values, Relocation{address, value + addend})
			} else if ok {
				r.imports[address] = name
				if plain := f.machine == X86_64 && elf.R_X86_64(kind) == elf.R_X86_64_64 || f.machine == AArch64 && elf.R_AARCH64(kind) == elf.R_AARCH64_ABS64; plain {
					r.plain[address] = true
				}
			}
		}
	}
	return nil
}

func tooMany(n uint64) error { return fmt.Errorf("%w: %d pointers", ErrCorrupt, n) }

func named[T comparable](kind T, kinds ...T) bool { return slices.Contains(kinds, kind) }

// readRELR reads packed relative relocations: an even word is the address of a
// pointer; an odd one is a bitmap of the 63 words that follow the last. The
// addends are in the file where the pointers go.
func (f *File) readRELR(at, size uint64) error {
	if size == 0 {
		return nil
	}
	b, err := f.Read(at, size&^7)
	if err != nil {
		return err
	}
	var next uint64
	for ; len(b) > 0; b = b[8:] {
		word := le.Uint64(b)
		if word&1 == 0 {
			if err := f.addRELR(word); err != nil {
				return err
			}
			next = word + 8
			continue
		}
		for m := word >> 1; m != 0; m &= m - 1 {
			if err := f.addRELR(next + uint64(bits.TrailingZeros64(m))*8); err != nil {
				return err
			}
		}
		next += 63 * 8
	}
	return nil
}

func (f *File) addRELR(address uint64) error {
	if n := len(f.relocs.values); n >= maxPointers {
		return tooMany(uint64(n))
	}
	i := f.segment(address, 8)
	if i < 0 {
		return fmt.Errorf("%w: pointer at %#x", ErrCorrupt, address)
	}
	b, err := f.Bytes(i)
	if err != nil {
		return err
	}
	f.relocs.values = append(f.relocs.values, Relocation{address, le.Uint64(b[address-f.segments[i].Address:])})
	return nil
}

// Pointer is what the eight bytes at address point to once the file is loaded,
// as the file numbers memory. False: no such pointer, or one to another file.
func (f *File) Pointer(address uint64) (uint64, bool) {
	r, err := f.Relocations()
	if err != nil {
		return 0, false
	}
	i := sort.Search(len(r), func(i int) bool { return r[i].Address >= address })
	if i < len(r) && r[i].Address == address {
		return r[i].Value, true
	}
	if !f.fixed {
		return 0, false
	}
	b, err := f.Read(address, 8)
	if err != nil {
		return 0, false
	}
	return le.Uint64(b), true
}

// Import is the symbol of another file whose address the dynamic linker writes
// at an address (a slot of the global offset table); empty: none.
func (f *File) Import(address uint64) string {
	if _, err := f.Relocations(); err != nil {
		return ""
	}
	name, ok := f.relocs.imports[address]
	if !ok {
		return ""
	}
	return f.dynamic.name(uint64(name))
}

// ImportsOf are the addresses at which the dynamic linker writes where a symbol
// of another file is, in whatever version: slots are in the global offset
// table, others wherever the file keeps the symbol's address.
func (f *File) ImportsOf(name string) (slots, others []uint64, err error) {
	if _, err := f.Relocations(); err != nil {
		return nil, nil, err
	}
	for address, one := range f.relocs.imports {
		switch {
		case !f.dynamic.named(one, []byte(name)):
		case f.relocs.plain[address]:
			others = append(others, address)
		default:
			slots = append(slots, address)
		}
	}
	// A program that is not position independent and takes its address takes
	// that of a stub, and says so with the symbol.
	for b := f.dynamic.symbols; len(b) > 0; b = b[symbolSize:] {
		if stub := le.Uint64(b[8:]); stub != 0 && elf.SectionIndex(le.Uint16(b[6:])) == elf.SHN_UNDEF && f.dynamic.name(uint64(le.Uint32(b))) == name {
			others = append(others, stub)
		}
	}
	slices.Sort(slots)
	slices.Sort(others)
	return slots, others, nil
}

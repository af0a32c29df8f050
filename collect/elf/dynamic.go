package elf

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"
)

const (
	symbolSize  = 24
	maxDynamic  = 4096    // entries; a linker makes about 35
	maxSymbols  = 4 << 20 // the largest C++ libraries have half a million
	maxNameSize = 4096
	maxText     = 64 << 20 // all names together; the largest C++ libraries have some 30 MiB
)

// Symbol is a dynamic symbol that the file defines.
type Symbol struct {
	Address uint64
	Size    uint64 // bytes; 0: not told
}

// dynamic is what PT_DYNAMIC says, read once.
type dynamic struct {
	read    bool
	err     error
	tags    map[elf.DynTag]uint64
	symbols []byte // .dynsym
	names   []byte // .dynstr
}

// loadDynamic reads the dynamic section and the tables of symbols and names.
func (f *File) loadDynamic() error {
	d := &f.dynamic
	if !d.read {
		d.read = true
		d.err = f.readDynamic()
	}
	return d.err
}

func (f *File) readDynamic() error {
	d := &f.dynamic
	d.tags = map[elf.DynTag]uint64{}
	if f.dynamicSize == 0 {
		return nil // linked statically
	}
	b, err := f.ReadFile(f.dynamicAt, min(f.dynamicSize, maxDynamic*16)&^15)
	if err != nil {
		return fmt.Errorf("dynamic section: %w", err)
	}
	for ; len(b) > 0; b = b[16:] {
		tag := elf.DynTag(le.Uint64(b))
		if tag == elf.DT_NULL {
			break
		}
		if _, twice := d.tags[tag]; !twice {
			d.tags[tag] = le.Uint64(b[8:])
		}
	}
	if n := d.tags[elf.DT_STRSZ]; n > 0 {
		if err := f.mayKeep(n, maxText); err != nil {
			return fmt.Errorf("dynamic names: %w", err)
		}
		if d.names, err = f.Read(d.tags[elf.DT_STRTAB], d.tags[elf.DT_STRSZ]); err != nil {
			return fmt.Errorf("dynamic names: %w", err)
		}
	}
	n, err := f.countSymbols()
	if err != nil {
		return err
	}
	if err := f.mayKeep(n*symbolSize, maxSymbols*symbolSize); err != nil {
		return fmt.Errorf("dynamic symbols: %w", err)
	}
	if d.symbols, err = f.Read(d.tags[elf.DT_SYMTAB], n*symbolSize); err != nil {
		return fmt.Errorf("dynamic symbols: %w", err)
	}
	return nil
}

// mayKeep asks for memory for a table of n bytes that is to be read.
func (f *File) mayKeep(n, most uint64) error {
	if n > min(most, f.size) {
		return fmt.Errorf("%w: a table of %d bytes", ErrCorrupt, n)
	}
	if n > maxNamesSize && n/packed > f.onDisk {
		return fmt.Errorf("%w: a table of %d MiB, and it has %d MiB on disk", ErrSparse, n>>20, f.onDisk>>20)
	}
	return f.account.take(n)
}

// countSymbols finds the length of .dynsym, which only the hash tables tell.
func (f *File) countSymbols() (uint64, error) {
	tags := f.dynamic.tags
	if tags[elf.DT_SYMTAB] == 0 {
		return 0, nil
	}
	if at := tags[elf.DT_GNU_HASH]; at != 0 {
		n, err := f.countGNU(at)
		if err != nil {
			return 0, fmt.Errorf("dynamic symbols' hash: %w", err)
		}
		return n, nil
	}
	if at := tags[elf.DT_HASH]; at != 0 {
		b, err := f.Read(at, 8)
		if err != nil {
			return 0, fmt.Errorf("dynamic symbols' hash: %w", err)
		}
		return uint64(le.Uint32(b[4:])), nil
	}
	// No hash table: linkers put the names behind the symbols.
	if end := tags[elf.DT_STRTAB]; end > tags[elf.DT_SYMTAB] {
		return min((end-tags[elf.DT_SYMTAB])/symbolSize, maxSymbols), nil
	}
	return 0, nil
}

// countGNU counts symbols by a GNU hash table: the last bucket's chain ends at
// the last symbol.
func (f *File) countGNU(at uint64) (uint64, error) {
	h, err := f.Read(at, 16)
	if err != nil {
		return 0, err
	}
	buckets, first, bloom := uint64(le.Uint32(h)), uint64(le.Uint32(h[4:])), uint64(le.Uint32(h[8:]))
	if buckets > maxSymbols || bloom > maxSymbols {
		return 0, fmt.Errorf("%w: %d buckets", ErrCorrupt, buckets)
	}
	at += 16 + 8*bloom
	b, err := f.Read(at, 4*buckets)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for ; len(b) > 0; b = b[4:] {
		last = max(last, uint64(le.Uint32(b)))
	}
	if last < first {
		return first, nil // only imports
	}
	i := f.segment(at, 4*(buckets+last-first+1))
	if i < 0 || last > maxSymbols {
		return 0, fmt.Errorf("%w: chain of symbol %d", ErrCorrupt, last)
	}
	// The chain's end is unknown: read to the segment's end at most.
	rest := f.segments[i].Address + f.segments[i].Size - at - 4*(buckets+last-first)
	chain, err := f.Read(at+4*(buckets+last-first), min(rest, 4*maxSymbols)&^3)
	if err != nil {
		return 0, err
	}
	for ; len(chain) > 0; chain = chain[4:] {
		last++
		if le.Uint32(chain)&1 != 0 {
			return last, nil
		}
	}
	return 0, fmt.Errorf("%w: endless chain", ErrCorrupt)
}

// name is the string at an offset of .dynstr.
func (d *dynamic) name(at uint64) string {
	if at >= uint64(len(d.names)) {
		return ""
	}
	b := d.names[at:]
	if i := bytes.IndexByte(b[:min(len(b), maxNameSize)], 0); i >= 0 {
		return string(b[:i])
	}
	return ""
}

// Symbol finds a dynamic symbol that the file defines.
func (f *File) Symbol(name string) (Symbol, bool) {
	if f.loadDynamic() != nil || name == "" || strings.IndexByte(name, 0) >= 0 {
		return Symbol{}, false
	}
	want := []byte(name + "\x00")
	for b := f.dynamic.symbols; len(b) > 0; b = b[symbolSize:] {
		at := uint64(le.Uint32(b))
		if at >= uint64(len(f.dynamic.names)) || elf.SectionIndex(le.Uint16(b[6:])) == elf.SHN_UNDEF {
			continue
		}
		if bytes.HasPrefix(f.dynamic.names[at:], want) {
			return Symbol{Address: le.Uint64(b[8:]), Size: le.Uint64(b[16:])}, true
		}
	}
	return Symbol{}, false
}

// Exported finds the function that the file defines for others (a dynamic
// symbol) whose code holds an address.
func (f *File) Exported(address uint64) (Symbol, bool) {
	if f.loadDynamic() != nil {
		return Symbol{}, false
	}
	for b := f.dynamic.symbols; len(b) > 0; b = b[symbolSize:] {
		if s := (Symbol{Address: le.Uint64(b[8:]), Size: le.Uint64(b[16:])}); isFunction(b) && address-s.Address < s.Size {
			return s, true
		}
	}
	return Symbol{}, false
}

// symbol is where the name of symbol i is and, if the file defines it, its address.
func (d *dynamic) symbol(i uint64) (name uint32, address uint64, ok bool) {
	if i >= uint64(len(d.symbols)/symbolSize) {
		return 0, 0, false
	}
	b := d.symbols[i*symbolSize:]
	name = le.Uint32(b)
	if elf.SectionIndex(le.Uint16(b[6:])) != elf.SHN_UNDEF {
		address = le.Uint64(b[8:])
	}
	return name, address, true
}

// named tells whether the name at a place of .dynstr is this one, and not empty.
func (d *dynamic) named(at uint32, name []byte) bool {
	return len(name) > 0 && uint64(at) < uint64(len(d.names)) && bytes.HasPrefix(d.names[at:], name) &&
		int(at)+len(name) < len(d.names) && d.names[int(at)+len(name)] == 0
}

// Check reads the dynamic section and the symbols, and says what is wrong with
// them: without it a corrupt file merely seems to have no symbols.
func (f *File) Check() error { return f.loadDynamic() }

// Soname is the name by which the dynamic linker knows a shared object
// (DT_SONAME); empty: none.
func (f *File) Soname() string {
	if f.loadDynamic() != nil {
		return ""
	}
	at, ok := f.dynamic.tags[elf.DT_SONAME]
	if !ok {
		return ""
	}
	return f.dynamic.name(at)
}

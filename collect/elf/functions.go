package elf

import (
	"debug/elf"
	"fmt"
)

// chunk is how many symbols are read at once.
const chunk = 1 << 14

// Function is code that a symbol names.
type Function struct {
	Name    string // as in the file: it may be mangled, and hold anything; empty: no symbol names this code
	Address uint64
	Size    uint64 // bytes
	// Between: it is no function, but code between functions that are known.
	Between bool
}

// Holds tells whether an address is in the function's code.
func (f *Function) Holds(address uint64) bool { return address-f.Address < f.Size }

// FunctionAt finds the function whose code holds an address: by .symtab where
// the file has one, which names static functions too, and by its dynamic
// symbols. Where several do, it takes the one that begins last, and among its
// aliases one that others may use. Where none does, it is the nameless function
// that the tables for unwinding know there, or the code between symbols. Tables are read through, not kept: those of large
// libraries have hundreds of megabytes.
func (f *File) FunctionAt(address uint64) (Function, error) {
	tables, err := f.symbolTables()
	if err != nil {
		return Function{}, err
	}
	l := &lookup{address: address, high: ^uint64(0)}
	for _, t := range tables {
		if err := l.through(t); err != nil {
			return Function{}, err
		}
		if l.name == 0 {
			continue
		}
		if l.found.Name = t.name(l.name); l.found.Name != "" {
			return l.found, nil
		}
		l.name = 0
	}
	if code, ok := f.CodeAt(address); ok {
		return Function{Address: code.Start, Size: code.End - code.Start}, nil
	}
	return Function{Address: l.low, Size: l.high - l.low, Between: true}, nil
}

// lookup is what is looked for, and what was found of it.
type lookup struct {
	address   uint64
	found     Function
	name      uint64 // where its name is; 0: none was found
	linked    bool   // the symbol is one that others may use
	low, high uint64 // between which no symbol names code
}

// through looks at all symbols of a table.
func (l *lookup) through(t symbolTable) error {
	for from := uint64(0); from < t.count; from += chunk {
		b, err := t.symbols(from, min(chunk, t.count-from))
		if err != nil {
			return fmt.Errorf("symbols: %w", err)
		}
		for ; len(b) >= symbolSize; b = b[symbolSize:] {
			if isFunction(b) {
				l.note(b)
			}
		}
	}
	return nil
}

// isFunction tells whether a symbol names code that is in the file.
func isFunction(b []byte) bool {
	return elf.SymType(b[4]&15) == elf.STT_FUNC && elf.SectionIndex(le.Uint16(b[6:])) != elf.SHN_UNDEF && le.Uint64(b[16:]) > 0 && le.Uint32(b) > 0
}

func (l *lookup) note(b []byte) {
	address, size, linked := le.Uint64(b[8:]), le.Uint64(b[16:]), elf.SymBind(b[4]>>4) != elf.STB_LOCAL
	switch {
	case address > l.address:
		l.high = min(l.high, address)
	case l.address-address >= size:
		l.low = max(l.low, address+size)
	case l.name == 0, address > l.found.Address, address == l.found.Address && linked && !l.linked:
		l.found, l.name, l.linked = Function{Address: address, Size: size}, uint64(le.Uint32(b)), linked
	}
}

// symbolTable is a table of symbols that is read piece by piece.
type symbolTable struct {
	count   uint64
	symbols func(from, n uint64) ([]byte, error)
	name    func(at uint64) string
}

// symbolTables are a file's tables, the fullest first.
func (f *File) symbolTables() ([]symbolTable, error) {
	var tables []symbolTable
	for _, names := range [][2]string{{".symtab", ".strtab"}, {".dynsym", ".dynstr"}} {
		symbols, ok := f.Section(names[0])
		text, textOK := f.Section(names[1])
		if !ok || !textOK {
			continue
		}
		tables = append(tables, symbolTable{
			count:   min(symbols.Size/symbolSize, maxSymbols),
			symbols: func(from, n uint64) ([]byte, error) { return f.ReadFile(symbols.Offset+from*symbolSize, n*symbolSize) },
			name: func(at uint64) string {
				if at >= text.Size {
					return ""
				}
				b, err := f.ReadFile(text.Offset+at, min(text.Size-at, maxNameSize))
				if err != nil {
					return ""
				}
				d := dynamic{names: b}
				return d.name(0)
			},
		})
	}
	if len(tables) > 0 {
		return tables, nil
	}
	// Section headers were stripped: the dynamic linker's own view.
	if err := f.loadDynamic(); err != nil {
		return nil, err
	}
	d := &f.dynamic
	return []symbolTable{{
		count:   min(uint64(len(d.symbols)/symbolSize), maxSymbols),
		symbols: func(from, n uint64) ([]byte, error) { return d.symbols[from*symbolSize:][:n*symbolSize], nil },
		name:    d.name,
	}}, nil
}

// FunctionStarts are the addresses of up to most functions of some size at
// least, taken from all over the file's fullest table of symbols.
func (f *File) FunctionStarts(most int, size uint64) ([]uint64, error) {
	tables, err := f.symbolTables()
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	t := tables[0]
	step := max(1, t.count/uint64(8*most)) // one symbol in several is a large enough function
	var starts []uint64
	for from := uint64(0); from < t.count && len(starts) < most; from += chunk / step * step {
		b, err := t.symbols(from, min(chunk, t.count-from))
		if err != nil {
			return nil, fmt.Errorf("symbols: %w", err)
		}
		for ; len(b) >= symbolSize && len(starts) < most; b = b[min(uint64(len(b)), step*symbolSize):] {
			if isFunction(b) && le.Uint64(b[16:]) >= size {
				starts = append(starts, le.Uint64(b[8:]))
			}
		}
	}
	return starts, nil
}

// AddressOf is where the byte at an offset of a file is when it runs, as the
// file numbers memory: in code, where several segments have it. False: nowhere.
func AddressOf(segments []Segment, offset uint64) (uint64, bool) {
	address, found := uint64(0), false
	for _, s := range segments {
		if offset >= s.Offset && offset-s.Offset < s.Size && (!found || s.Executable) {
			address, found = s.Address+offset-s.Offset, true
		}
	}
	return address, found
}

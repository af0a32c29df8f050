package site

import (
	"pytop/collect/elf"
)

// text is a file's executable segments.
type text struct {
	file        *elf.File
	isa         *isa
	parts       []part
	lowest, end uint64          // of all parts
	returning   map[uint64]bool // by function: whether it may return
	alone       bool            // it is one function: others are not looked at
}

type part struct {
	address uint64
	bytes   []byte
}

func openText(f *elf.File) (*text, error) {
	t := &text{file: f, isa: isaOf(f.Machine()), returning: map[uint64]bool{}}
	if t.isa == nil {
		return nil, &Error{Found: "instructions for " + f.Machine().String(), Missing: "a decoder for them"}
	}
	for i, s := range f.Segments() {
		if !s.Executable {
			continue
		}
		b, err := f.Bytes(i)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{s.Address, b})
		if len(t.parts) == 1 {
			t.lowest = s.Address
		}
		t.lowest, t.end = min(t.lowest, s.Address), max(t.end, s.Address+s.Size)
	}
	for name := range neverReturn {
		if s, ok := f.Symbol(name); ok {
			t.returning[s.Address] = false
		}
	}
	return t, nil
}

// holds tells whether an address is in the text.
func (t *text) holds(address uint64) bool {
	if address < t.lowest || address >= t.end {
		return false
	}
	for i := range t.parts {
		if p := &t.parts[i]; address >= p.address && address-p.address < uint64(len(p.bytes)) {
			return true
		}
	}
	return false
}

// at is the text from an address to its segment's end, nil if there is none.
func (t *text) at(address uint64) []byte {
	for i := range t.parts {
		if p := &t.parts[i]; address >= p.address && address-p.address < uint64(len(p.bytes)) {
			return p.bytes[address-p.address:]
		}
	}
	return nil
}

// decode reads the instruction at an address.
func (t *text) decode(address uint64) instruction { return t.isa.decode(address, t.at(address)) }

// stop tells whether an instruction that decodes to stops is known never to
// run on, or not known at all.
func (t *text) stop(address uint64) end {
	if t.isa.halts(t.at(address)) {
		return never
	}
	return lost
}

// neverReturn are functions that end the process.
var neverReturn = map[string]bool{"abort": true, "exit": true, "_exit": true, "__assert_fail": true, "__stack_chk_fail": true, "__fortify_fail": true,
	"__chk_fail": true, "_Py_FatalErrorFunc": true, "_Py_FatalErrorFormat": true, "_Py_FatalError_TstateNULL": true, "_Py_FatalRefcountErrorFunc": true, "_PyObject_AssertFailed": true,
	"Py_FatalError": true, "Py_Exit": true, "Py_ExitStatusException": true, "pthread_exit": true, "longjmp": true, "siglongjmp": true, "_Unwind_Resume": true}

// returns tells whether a called function may return; false: it surely does
// not, so that what follows the call is other code.
func (t *text) returns(address uint64) bool { return t.alone || t.mayReturn(address, 4) }

// mayReturn looks for a way through a function to a return, through calls that
// themselves return. Where it does not find out soon it says yes.
func (t *text) mayReturn(address uint64, depth int) bool {
	const most = 400 // instructions of one function
	if known, ok := t.returning[address]; ok {
		return known
	}
	if depth == 0 {
		return true
	}
	if slot, ok := t.isa.slot(address, t.at(address)); ok {
		name, to := t.through(slot)
		t.returning[address] = !neverReturn[name] && (to == 0 || t.mayReturn(to, depth-1))
		return t.returning[address]
	}
	t.returning[address] = true // while it is not known: functions that call themselves
	seen := map[uint64]bool{}
	work := []uint64{address}
	for len(work) > 0 {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for !seen[at] {
			if seen[at] = true; len(seen) > most {
				return true
			}
			i := t.decode(at)
			switch i.flow {
			case returns:
				return true
			case dispatches:
				if name, to := t.stub(&i); neverReturn[name] {
				} else if to == 0 || t.mayReturn(to, depth-1) {
					return true
				}
			case stops:
				if t.stop(at) != never {
					return true
				}
			case branches:
				work = append(work, i.target)
			}
			if i.flow == dispatches || i.flow == stops || i.flow == calls && !t.mayReturn(i.target, depth-1) {
				break
			}
			if at = i.next(); i.flow == jumps {
				at = i.target
			}
		}
	}
	t.returning[address] = false
	return false
}

// stub says where a jump through the global offset table goes: to the named
// function of another file, or to an address of this one; neither: elsewhere.
func (t *text) stub(i *instruction) (name string, to uint64) {
	o := i.from
	if o.kind != inMemory || o.base != None || o.index != None {
		return "", 0
	}
	return t.through(uint64(o.constant))
}

// through says where a slot of the global offset table leads: see stub.
func (t *text) through(slot uint64) (name string, to uint64) {
	if name = t.file.Import(slot); name != "" {
		return name, 0
	}
	if to, ok := t.file.Pointer(slot); ok && t.holds(to) {
		return "", to
	}
	return "", 0
}

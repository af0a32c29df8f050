package site

import (
	"bytes"
	"fmt"

	"pytop/collect/elf"
)

// Parking is where a CPython's threads begin and end to wait for one another:
// calls in _PyParkingLot_Park, each with the address of the wait's semaphore
// as the first argument. What it waits on is two words before that semaphore.
// All are passed by each wait once: those that need not wait pass neither.
type Parking struct {
	Begin []Site // of what makes the semaphore
	End   []Site // of what unmakes it
}

// The functions that make and unmake a semaphore: libc's, where the compiler
// has put CPython's own into _PyParkingLot_Park, else these.
var (
	makesSemaphore   = map[string]bool{"sem_init": true, "_PySemaphore_Init": true}
	unmakesSemaphore = map[string]bool{"sem_destroy": true, "_PySemaphore_Destroy": true}
)

// FindParking finds the calls of _PyParkingLot_Park (exported from 3.13 on).
// It follows all ways through the function, so each is an instruction. An
// *Error when they are not there, or not ones that the kernel emulates.
func FindParking(f *elf.File) (*Parking, error) {
	const park = "_PyParkingLot_Park"
	start, ok := f.Symbol(park)
	if !ok {
		return nil, &Error{Found: "a file that does not export " + park, Missing: "where threads wait for one another"}
	}
	t, err := openText(f)
	if err != nil {
		return nil, err
	}
	own := map[uint64]string{} // CPython's own functions, by address
	for _, name := range []string{"_PySemaphore_Init", "_PySemaphore_Destroy"} {
		if s, ok := f.Symbol(name); ok {
			own[s.Address] = name
		}
	}
	g := &graph{text: t, index: map[uint64]int32{}, ends: map[uint64]bool{}}
	for address := range own {
		g.ends[address] = true
	}
	if _, err := g.grow(start.Address); err != nil {
		return nil, err
	}
	p := &Parking{}
	for k := range g.nodes {
		if err := p.take(t, &g.nodes[k].instruction, own); err != nil {
			return nil, err
		}
	}
	if len(p.Begin) == 0 || len(p.End) == 0 || len(p.Begin)+len(p.End) > mostParking {
		return nil, &Error{
			Found:   fmt.Sprintf("%s at %#x with %d calls that make a semaphore and %d that unmake one", park, start.Address, len(p.Begin), len(p.End)),
			Missing: "one or a few of each",
		}
	}
	for _, sites := range [][]Site{p.Begin, p.End} {
		if err := ValidateSites(f, sites); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// mostParking bounds the calls of one _PyParkingLot_Park: compilers make one
// of each, and copies of the ways out.
const mostParking = 8

// take adds an instruction if it is one of the calls.
func (p *Parking) take(t *text, i *instruction, own map[uint64]string) error {
	name := ""
	switch i.flow {
	case calls:
		if name = own[i.target]; name == "" {
			name = t.behind(i.target, own)
		}
	case points:
		name = named(own)(t.stub(i))
	default:
		return nil
	}
	to := &p.End
	switch {
	case makesSemaphore[name]:
		to = &p.Begin
	case !unmakesSemaphore[name]:
		return nil
	}
	offset, ok := t.file.Offset(i.address)
	if !i.cheap || !ok {
		return &Error{Found: fmt.Sprintf("its call of %s at %#x", name, i.address), Missing: "a call that the kernel emulates (is it built with -fno-plt?)"}
	}
	b := bytes.Clone(t.at(i.address)[:i.size]) // not to keep the whole text
	*to = append(*to, Site{Address: i.address, Offset: offset, Bytes: b, Text: t.isa.disassemble(i.address, b), Cheap: true, Code: None, Frame: None, Next: None, Throw: None})
	return nil
}

// behind is the function to which a stub leads; empty: it is no stub.
func (t *text) behind(address uint64, own map[uint64]string) string {
	if slot, ok := t.isa.slot(address, t.at(address)); ok {
		return named(own)(t.through(slot))
	}
	for range 2 { // endbr64 and the jump
		i := t.decode(address)
		if i.flow == dispatches {
			return named(own)(t.stub(&i))
		}
		if i.flow != straight {
			return ""
		}
		address = i.next()
	}
	return ""
}

// named names what stub says: another file's function, or one of own.
func named(own map[uint64]string) func(name string, to uint64) string {
	return func(name string, to uint64) string {
		if name == "" && to != 0 {
			return own[to]
		}
		return name
	}
}

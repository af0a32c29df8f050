package site

import "fmt"

// graph is the control flow from some entries up to where another instruction
// of the bytecode begins. Values are followed along it: a node's state is what
// is true on every way to it.
type graph struct {
	text  *text
	nodes []node
	index map[uint64]int32
	// ends are where other opcodes begin: a jump there is a dispatch.
	ends map[uint64]bool
	// handlers are where any opcode begins: so is a branch after a comparison
	// with one of these (compilers promote likely dispatches so).
	handlers map[uint64]bool
	// starts are the addresses of entries: values begin anew there.
	starts  map[uint64]int
	entries []int32
}

type node struct {
	instruction
	next     [2]int32 // straight on (or not taken), taken; none: no such way
	cases    []int32  // of a compiled switch
	from     int32    // where it was first come from; none: an entry
	end      end
	reached  bool
	thrown   [2]bool // this way throwflag is not zero
	dispatch [2]bool // this way another instruction of the bytecode begins
	foreign  bool    // other opcodes come by too
	undoes   bool    // calls _Py_Instrument: takes back one hit
	state    state
}

const none int32 = -1

// end is how control leaves the graph at a node.
type end uint8

const (
	goesOn     end = iota
	dispatched     // through a pointer, or to another opcode's handler
	returned       // to the caller
	lost           // through a compiled switch of unknown cases, or to what is not an instruction we know
	switched       // to its cases
	never          // it never runs
)

// mostNodes bounds a graph: RESUME with all its error handling has a few thousand.
const mostNodes = 100_000

// grow adds everything reachable from an address.
func (g *graph) grow(from uint64) (int32, error) {
	first, known := g.index[from]
	if known {
		return first, nil
	}
	work := []int32{g.add(from, none)}
	first = work[0]
	for len(work) > 0 {
		if len(g.nodes) > mostNodes {
			return 0, &Error{Found: fmt.Sprintf("more than %d instructions behind %#x", mostNodes, from), Missing: "an end of the handler"}
		}
		n := work[len(work)-1]
		work = work[:len(work)-1]
		follow := func(at uint64) int32 {
			if g.ends[at] {
				return none
			}
			if n, ok := g.index[at]; ok {
				return n
			}
			m := g.add(at, n)
			work = append(work, m)
			return m
		}
		i := g.nodes[n].instruction
		next := [2]int32{none, none}
		how := goesOn
		switch i.flow {
		case straight, points:
			next[0] = follow(i.next())
		case calls:
			if g.text.returns(i.target) {
				next[0] = follow(i.next())
			} else {
				how = never
			}
		case jumps:
			if next[0] = follow(i.target); next[0] == none {
				how = dispatched
			}
		case branches:
			next[0], next[1] = follow(i.next()), follow(i.target)
		case dispatches:
			how = dispatched
		case returns:
			how = returned
		case stops:
			how = g.text.stop(i.address)
		}
		if i.flow != branches && i.flow != jumps && how == goesOn && next[0] == none {
			how = dispatched // falls into another handler
		}
		g.nodes[n].next, g.nodes[n].end = next, how
	}
	return first, nil
}

func (g *graph) add(at uint64, from int32) int32 {
	n := int32(len(g.nodes))
	g.nodes = append(g.nodes, node{instruction: g.text.decode(at), from: from})
	g.index[at] = n
	return n
}

// flow follows values from the entries until nothing changes any more. Since a
// join only ever forgets, that is soon.
func (g *graph) flow(w *follower, begin func(entry int) state) {
	var work []int32
	waits := make([]bool, len(g.nodes))
	push := func(n int32) {
		if !waits[n] {
			waits[n] = true
			work = append(work, n)
		}
	}
	for e, n := range g.entries {
		g.nodes[n].state, g.nodes[n].reached = begin(e), true
		push(n)
	}
	for len(work) > 0 {
		n := work[len(work)-1]
		work = work[:len(work)-1]
		waits[n] = false
		x := &g.nodes[n]
		after := x.state
		w.step(&x.instruction, &after)
		reach := func(m int32, to *state) {
			y := &g.nodes[m]
			if _, fresh := g.starts[y.address]; fresh {
				return // values begin anew there
			}
			if !y.reached {
				y.state, y.reached = *to, true
				push(m)
			} else if y.state.join(to) {
				push(m)
			}
		}
		for _, m := range x.cases {
			reach(m, &after)
		}
		for way, m := range x.next {
			to := after
			if x.flow == branches && !g.branch(w, x, way, &to) || m == none {
				continue
			}
			reach(m, &to)
		}
	}
}

// branch notes what is known on one way of a branch; false: values need not be
// followed there.
func (g *graph) branch(w *follower, x *node, way int, s *state) bool {
	x.thrown[way], x.dispatch[way] = false, x.next[way] == none
	taken, ok := g.text.isa.equality(x.condition)
	f := x.state.flags
	if x.condition == ifZero || x.condition == ifNotZero {
		f = verdict{of: w.read(x.instruction.from, x.width, &x.state)}
	}
	if !ok || f.of == unknown {
		return true
	}
	equal := taken == (way == 1)
	switch {
	case f.to != unknown: // compared with a constant
		if equal && g.handlers[uint64(w.origins[f.to].n)] {
			x.dispatch[way] = true
			return false
		}
	case w.throw != unknown && w.low(f.of) == w.low(w.throw):
		x.thrown[way] = !equal
		if equal {
			s.facts |= notThrown
		}
		return equal
	}
	return true
}

package site

// markForeign marks the nodes that other opcodes' handlers come by too: a
// probe there would count them.
func (g *graph) markForeign(t *table) {
	seen := newMarks(g.text)
	g.text.walk(t.handlers[:], func(at uint64) bool {
		if _, ours := g.starts[at]; ours || !seen.add(at) {
			return false
		}
		if n, ok := g.index[at]; ok {
			g.nodes[n].foreign = true
		}
		return true
	})
}

// walk follows all ways from some addresses up to where they go on through a
// pointer. It is told of each instruction on them, and goes no further from one
// that it shall not enter: enter is false for what was entered before.
func (t *text) walk(roots []uint64, enter func(at uint64) bool) {
	var work []uint64
	push := func(at uint64) {
		if enter(at) {
			work = append(work, at)
		}
	}
	for _, r := range roots {
		push(r)
	}
	for len(work) > 0 {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for on := true; on; on = enter(at) {
			i := t.decode(at)
			if i.flow == branches || i.flow == jumps {
				push(i.target)
			}
			if i.flow == jumps || i.flow == dispatches || i.flow == returns || i.flow == stops || i.flow == calls && !t.returns(i.target) {
				break
			}
			at = i.next()
		}
	}
}

// marks is a set of addresses in a text.
type marks struct {
	text *text
	bits [][]uint64
}

func newMarks(t *text) *marks {
	s := &marks{text: t}
	for _, p := range t.parts {
		s.bits = append(s.bits, make([]uint64, len(p.bytes)/64+1))
	}
	return s
}

// add adds an address; false: it is there already, or not in the text.
func (s *marks) add(a uint64) bool {
	for i := range s.text.parts {
		p := &s.text.parts[i]
		if a < p.address || a-p.address >= uint64(len(p.bytes)) {
			continue
		}
		at := a - p.address
		if s.bits[i][at/64]>>(at%64)&1 != 0 {
			return false
		}
		s.bits[i][at/64] |= 1 << (at % 64)
		return true
	}
	return false
}

// has tells whether an address was added.
func (s *marks) has(a uint64) bool {
	for i := range s.text.parts {
		if p := &s.text.parts[i]; a >= p.address && a-p.address < uint64(len(p.bytes)) {
			at := a - p.address
			return s.bits[i][at/64]>>(at%64)&1 != 0
		}
	}
	return false
}

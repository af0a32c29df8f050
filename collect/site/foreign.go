package site

// markForeign marks the nodes that other opcodes' handlers come by too: a
// probe there would count them.
func (g *graph) markForeign(t *table) {
	var work []uint64
	seen := newMarks(g.text)
	push := func(at uint64) {
		if _, ours := g.starts[at]; !ours && seen.add(at) {
			work = append(work, at)
		}
	}
	for _, h := range t.handlers {
		push(h)
	}
	for len(work) > 0 {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		for {
			if n, ok := g.index[at]; ok {
				g.nodes[n].foreign = true
			}
			i := g.text.decode(at)
			if i.flow == branches || i.flow == jumps {
				push(i.target)
			}
			if i.flow == jumps || i.flow == dispatches || i.flow == returns || i.flow == stops || i.flow == calls && !g.text.returns(i.target) {
				break
			}
			at = i.next()
			if _, ours := g.starts[at]; ours || !seen.add(at) {
				break
			}
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

package site

import "slices"

// A choice is an instruction to probe, and in which direction of a branch a
// hit counts.
type choice struct {
	node int32
	when When
}

// cover looks for choices such that every way through a graph passes exactly
// one counted hit.
type cover struct {
	g       *graph
	strict  strictness
	quality func(n *node, when When) int // of a choice; negative: not to be used
	counted []When8                      // by node
	masks   []uint8                      // by node: how often a way to it may have counted: bit 0 not at all, 1 once, 2 more often
	work    []int32
	steps   int
}

// When8 is a When that may be missing.
type When8 uint8

// strictness says at which ends a way must have counted once.
type strictness uint8

const (
	allEnds      strictness = iota // also where the eval loop returns (an error, mostly)
	dispatchEnds                   // only where another instruction of the bytecode runs
	knownEnds                      // the same, and it is enough to have counted once where a way is lost
)

const (
	zero = 1 << iota
	once
	more
)

// counts tells whether a hit counts on one way out of a node.
func (c *cover) counts(n int32, way int) bool {
	switch w := c.counted[n]; w {
	case 0:
		return false
	case When8(IfTaken) + 1:
		return way == 1
	case When8(IfNotTaken) + 1:
		return way == 0
	}
	return true
}

// required tells whether ways that end at a node must have counted once.
func (c *cover) required(n *node) bool {
	switch n.end {
	case dispatched, lost:
		return true // a lost way: see count
	case returned:
		return c.strict == allEnds
	}
	return false
}

// count follows all ways. bad: one counts twice; open: one does not count.
func (c *cover) count() (bad, open bool) {
	clear(c.masks)
	c.work = c.work[:0]
	push := func(n int32, mask uint8) {
		if c.masks[n]|mask != c.masks[n] {
			c.masks[n] |= mask
			c.work = append(c.work, n)
		}
	}
	check := func(mask uint8) {
		bad = bad || mask&more != 0
		open = open || mask&zero != 0
	}
	for _, e := range c.g.entries {
		push(e, zero)
	}
	for len(c.work) > 0 && !bad {
		n := c.work[len(c.work)-1]
		c.work = c.work[:len(c.work)-1]
		x := &c.g.nodes[n]
		if x.undoes {
			check(c.masks[n])
		}
		for _, m := range x.cases {
			push(m, c.masks[n])
		}
		for way, m := range x.next {
			mask := c.masks[n]
			if c.counts(n, way) {
				mask = mask<<1&(once|more) | mask&more
			}
			switch {
			case x.thrown[way]:
			case x.end == lost && c.strict != knownEnds:
				bad = true
			case x.flow == branches && x.dispatch[way], way == 0 && x.flow != branches && c.required(x):
				check(mask)
			case m != none:
				push(m, mask)
			}
		}
	}
	return bad, open
}

// uncounted finds a shortest way from an entry to an end that counts nowhere.
func (c *cover) uncounted() []int32 {
	from := make([]int32, len(c.g.nodes))
	for _, e := range c.g.entries {
		for i := range from {
			from[i] = none
		}
		from[e] = e
		queue := []int32{e}
		for len(queue) > 0 {
			n := queue[0]
			queue = queue[1:]
			x := &c.g.nodes[n]
			for _, m := range x.cases {
				if from[m] == none {
					from[m] = n
					queue = append(queue, m)
				}
			}
			for way, m := range x.next {
				if c.counts(n, way) || x.thrown[way] {
					continue
				}
				if x.flow == branches && x.dispatch[way] || way == 0 && x.flow != branches && c.required(x) || x.undoes {
					return path(from, n)
				}
				if m != none && from[m] == none {
					from[m] = n
					queue = append(queue, m)
				}
			}
		}
	}
	return nil
}

func path(from []int32, n int32) []int32 {
	way := []int32{n}
	for from[n] != n {
		n = from[n]
		way = append(way, n)
	}
	slices.Reverse(way)
	return way
}

// candidates are the choices on a way, best first.
func (c *cover) candidates(way []int32) []choice {
	type rated struct {
		choice
		quality int
	}
	var all []rated
	for k, n := range way {
		x := &c.g.nodes[n]
		if !x.cheap || c.counted[n] != 0 {
			continue
		}
		whens := []When{Always}
		if x.flow == branches && x.condition < ifZero {
			switch {
			case k+1 < len(way) && x.next[1] == way[k+1] && x.next[0] != way[k+1], k+1 == len(way) && x.dispatch[1] && !x.dispatch[0]:
				whens = append(whens, IfTaken)
			case k+1 < len(way) && x.next[0] == way[k+1], k+1 == len(way) && x.dispatch[0]:
				whens = append(whens, IfNotTaken)
			}
		}
		for _, w := range whens {
			if q := c.quality(x, w); q >= 0 {
				all = append(all, rated{choice{n, w}, q})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b rated) int { return b.quality - a.quality })
	out := make([]choice, len(all))
	for i := range all {
		out[i] = all[i].choice
	}
	return out
}

// mostSteps bounds the search; every build seen needs fewer than a hundred.
const mostSteps = 3000

// solve extends the choices counted so far to a cover; nil: there is none.
func (c *cover) solve(set []choice) []choice {
	if c.steps++; c.steps > mostSteps {
		return nil
	}
	bad, open := c.count()
	if bad {
		return nil
	}
	if !open {
		return set
	}
	for _, k := range c.candidates(c.uncounted()) {
		c.counted[k.node] = When8(k.when) + 1
		if s := c.solve(append(set[:len(set):len(set)], k)); s != nil {
			return s
		}
		c.counted[k.node] = 0
	}
	return nil
}

// findCover finds a cover of a graph; nil: none.
func findCover(g *graph, strict strictness, quality func(*node, When) int) []choice {
	c := &cover{g: g, strict: strict, quality: quality, counted: make([]When8, len(g.nodes)), masks: make([]uint8, len(g.nodes))}
	return c.solve(nil)
}

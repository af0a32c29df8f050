package site

import "slices"

// findCopies finds inlined copies of the family's handlers. Where handlers are
// functions (tail calls), compilers turn the likely targets of a dispatch into
// a comparison with the handler's address and, when it is equal, the handler's
// own code. A second way looks for code that does what RESUME_CHECK does.
func (s *search) findCopies(family map[uint64]bool) []uint64 {
	found := map[uint64]bool{}
	for _, at := range s.text.isa.references(s.text, family) {
		if c, ok := s.promoted(at, family); ok && !s.passesOn(c, family) {
			found[c] = true
		}
	}
	list := make([]uint64, 0, len(found))
	for c := range found {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

// promoted follows the straight way from an instruction that names a handler's
// address to the branch that is taken (or not) when the dispatch goes there,
// and returns where that is.
func (s *search) promoted(at uint64, family map[uint64]bool) (uint64, bool) {
	const most = 16
	state := s.follow.begin(0)
	for n := 0; n < most; n++ {
		i := s.text.decode(at)
		s.follow.step(&i, &state)
		switch i.flow {
		case branches:
			f := state.flags
			taken, ok := s.text.isa.equality(i.condition)
			if !ok || f.to == unknown || !family[uint64(s.follow.origins[f.to].n)] {
				at = i.next()
				continue
			}
			if taken {
				return i.target, true
			}
			return i.next(), true
		case jumps:
			at = i.target
		case straight:
			at = i.next()
		default:
			return 0, false
		}
	}
	return 0, false
}

// passesOn tells whether code merely calls or jumps to a handler of the family.
func (s *search) passesOn(at uint64, family map[uint64]bool) bool {
	const most = 16
	for n := 0; n < most && !family[at]; n++ {
		i := s.text.decode(at)
		switch i.flow {
		case calls:
			return family[i.target]
		case jumps:
			at = i.target
		case straight:
			at = i.next()
		default:
			return false
		}
	}
	return family[at]
}

// findAlike finds code outside the graph that does what RESUME_CHECK does:
// store the running instruction's address into a frame, and compare the
// thread's eval breaker with the version of that frame's code object.
func (s *search) findAlike() []uint64 {
	if s.follow.layout.breaker < 0 || s.follow.layout.version < 0 {
		return nil
	}
	var found []uint64
	for _, at := range s.text.isa.stores(s.text, s.follow.layout.instr) {
		if _, known := s.graph.index[at]; !known && s.checks(at) {
			found = append(found, at)
		}
	}
	return found
}

// checks follows the straight way from a store to the first branch.
func (s *search) checks(at uint64) bool {
	const most = 14
	w := &follower{isa: s.text.isa, values: newValues(), stacks: map[value]bool{}, frames: map[value]bool{}, layout: s.follow.layout}
	w.stored = func(to, _ value) { w.frames[to] = true }
	state := w.begin(0)
	is := func(x value, offset int64, base func(value) bool) bool {
		o := w.origins[x]
		return o.kind == loaded && o.n == offset && base(o.base)
	}
	code := func(x value) bool {
		if o := w.origins[x]; o.kind == masked {
			x = o.base
		}
		return is(x, w.layout.code, func(f value) bool { return w.frames[f] })
	}
	for n := 0; n < most; n++ {
		i := s.text.decode(at)
		if i.flow != straight {
			return false
		}
		if i.effect == compares {
			a, b := w.read(i.to, 8, &state), w.read(i.from, 8, &state)
			for range 2 {
				if is(a, w.layout.version, code) && is(b, w.layout.breaker, func(t value) bool { return !w.frames[t] }) {
					return true
				}
				a, b = b, a
			}
		}
		w.step(&i, &state)
		at = i.next()
	}
	return false
}

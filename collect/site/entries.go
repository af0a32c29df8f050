package site

import "fmt"

// begin grows the graph from all entries and finds, at each, what is the frame
// and what the running instruction: the first thing that every handler does is
// to store the one through the other. The first handlers entries are the
// table's own: they have frame and next instruction in the same places, so
// they share the names of their values, and one that does not store takes
// them from the others.
func (s *search) begin(entries []uint64, handlers int) error {
	s.frames, s.nexts = make([]value, len(entries)), make([]value, len(entries))
	for e, at := range entries {
		s.graph.starts[at] = s.naming(e, handlers)
	}
	for e, at := range entries {
		n, err := s.graph.grow(at)
		if err != nil {
			return err
		}
		s.graph.entries = append(s.graph.entries, n)
		s.frames[e], s.nexts[e] = s.firstStore(at, s.naming(e, handlers))
	}
	for e := range entries[:handlers] {
		for o := range entries[:handlers] {
			switch {
			case s.frames[o] == unknown:
			case s.frames[e] == unknown:
				s.frames[e], s.nexts[e] = s.frames[o], s.nexts[o]
			case s.frames[e] != s.frames[o]:
				return &Error{Found: fmt.Sprintf("handlers at %#x and %#x that have the frame in different places", entries[e], entries[o]), Missing: "one place of the frame"}
			}
		}
	}
	for e, f := range s.frames {
		if f == unknown {
			return &Error{Found: fmt.Sprintf("a handler at %#x", entries[e]), Missing: "its store of frame->instr_ptr, which tells where the frame is"}
		}
		s.follow.frames[f], s.follow.nexts[s.nexts[e]] = true, true
	}
	return nil
}

// naming is the number by which an entry's values are named.
func (s *search) naming(entry, handlers int) int {
	if entry < handlers {
		return 0
	}
	return entry
}

// firstStore follows the straight way from an entry to the first store of the
// running instruction's address into a frame.
func (s *search) firstStore(at uint64, naming int) (frame, next value) {
	const most = 60 // instructions; a debug build's checks come first
	state := s.follow.begin(naming)
	done := false
	s.follow.stored = func(to, holds value) {
		if !done && s.fromEntry(to) && s.fromEntry(holds) && !s.follow.stacks[to] {
			frame, next, done = to, holds, true
		}
	}
	defer func() { s.follow.stored = nil }()
	for n := 0; n < most && !done; n++ {
		i := s.text.decode(at)
		s.follow.step(&i, &state)
		switch i.flow {
		case jumps:
			at = i.target
		case dispatches, returns, stops:
			return frame, next
		default:
			at = i.next()
		}
	}
	return frame, next
}

// fromEntry tells whether a value was in a register or on the stack at the entry.
func (s *search) fromEntry(x value) bool {
	o := s.follow.origins[x]
	if o.kind == loaded { // unoptimised builds have everything below rbp
		b := s.follow.origins[o.base]
		return s.follow.stacks[o.base] || b.kind == atEntry && b.register() == s.follow.isa.frame && (o.n < 0 || s.follow.isa.above)
	}
	return o.kind == atEntry
}

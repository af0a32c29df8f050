package site

import "fmt"

// findLegacy finds the sites of 3.8 to 3.10: every start and resume enters the
// eval function, so every way from its entry to the first instruction of the
// bytecode must pass one. throw() and close() enter it too: ways on which
// throwflag is not zero are no starts.
func (s *search) findLegacy() error {
	entry := s.python.EvalFrame
	if !s.text.holds(entry) {
		return &Error{Found: "an eval function outside the file's text", Missing: "its code"}
	}
	s.newGraph()
	s.graph.starts[entry] = 0
	n, err := s.graph.grow(entry)
	if err != nil {
		return err
	}
	s.graph.entries = []int32{n}
	w, traits := s.follow, s.python.Traits
	frame := w.entry(0, s.text.isa.arguments[traits.FrameArgument])
	w.throw = w.entry(0, s.text.isa.arguments[traits.ThrowArgument])
	w.frames[frame] = true
	s.frames = []value{frame}
	if err := s.run(func(int) state { return w.begin(0) }); err != nil {
		return err
	}
	for _, t := range []struct {
		facts facts
		weak  string
	}{
		{pushed, ""},
		{0, "calls refused by RecursionError are counted"},
	} {
		set := findCover(s.graph, dispatchEnds, func(n *node, when When) int { return s.legacyQuality(n, when, t.facts) })
		if set == nil {
			continue
		}
		s.place(set)
		for i, c := range set {
			n := &s.graph.nodes[c.node]
			if s.provesNoThrow(n, c.when) {
				s.plan.Calls[i].Throw = None
			}
		}
		s.plan.Method = fmt.Sprintf("eval function, %d ways in", len(set))
		if len(set) == 1 {
			s.plan.Method = "eval function, 1 way in"
		}
		if t.weak != "" {
			s.plan.weaken(t.weak)
		}
		return nil
	}
	return &Error{Found: fmt.Sprintf("the eval function at %#x, %d instructions", entry, len(s.graph.nodes)),
		Missing: "cheap instructions such that every way to the bytecode passes exactly one, with frame and throwflag known"}
}

// provesNoThrow tells whether throwflag is zero whenever a choice counts.
func (s *search) provesNoThrow(n *node, when When) bool {
	switch when {
	case IfTaken:
		return n.state.facts&notThrown != 0 || n.thrown[0]
	case IfNotTaken:
		return n.state.facts&notThrown != 0 || n.thrown[1]
	}
	return n.state.facts&notThrown != 0
}

// legacyQuality rates a choice: see quality.
func (s *search) legacyQuality(n *node, when When, facts facts) int {
	if !n.reached || n.state.facts&facts != facts || n.state.facts&lastiWhole == 0 {
		return -1
	}
	at, ok := s.at(n)
	if !ok || at.Throw == None && !s.provesNoThrow(n, when) {
		return -1
	}
	q := 0
	if at.Code != None {
		q += 4
	}
	if at.Frame != None {
		q++
	}
	return q
}

package site

import (
	"fmt"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// Find says where in a CPython's file probes go. It proves that every start
// and resume of a Python function passes exactly one of the counted sites, and
// returns an *Error when it cannot. What it reads is of the bytes that the
// file's fingerprint is of.
func Find(f *elf.File, p *cpython.Python) (*Plan, error) {
	if _, err := f.Fingerprint(); err != nil {
		return nil, err
	}
	x, err := openText(f)
	if err != nil {
		return nil, err
	}
	s := &search{text: x, file: f, python: p, plan: &Plan{}}
	if p.Traits.LegacyFrame {
		err = s.findLegacy()
	} else {
		err = s.findHandlers()
	}
	if err != nil {
		return nil, err
	}
	s.findFreed()
	plan := s.plan // alone: the graph may go meanwhile
	if err := prove(f, p, plan); err != nil {
		return nil, err
	}
	return plan, nil
}

// search is one Find.
type search struct {
	text   *text
	file   *elf.File
	python *cpython.Python
	table  *table
	graph  *graph
	follow *follower
	frames []value // by entry
	nexts  []value // by entry: the running instruction's address
	plan   *Plan

	framePointer int64 // rbp minus rsp at the entries of the table's handlers; 0: not known
}

func (s *search) layout() layout {
	o := s.python.Offsets
	at := func(x uint32) int64 {
		if x == cpython.Absent {
			return -1 << 40
		}
		return int64(x)
	}
	return layout{code: at(o.Frame.Executable), instr: at(o.Frame.InstrPtr), lasti: at(o.Frame.Lasti), threadFrame: at(o.Thread.CurrentFrame),
		threadInterp: at(o.Thread.Interp), version: at(o.Code.InstrumentationVersion), breaker: at(o.Thread.EvalBreaker)}
}

// newGraph begins a graph and what follows values along it.
func (s *search) newGraph() {
	s.graph = &graph{text: s.text, index: map[uint64]int32{}, ends: map[uint64]bool{}, handlers: map[uint64]bool{}, starts: map[uint64]int{}}
	s.follow = &follower{isa: s.text.isa, values: newValues(), stacks: map[value]bool{}, frames: map[value]bool{}, nexts: map[value]bool{}, layout: s.layout()}
}

// findHandlers finds the sites of 3.11 and later: in the handlers of the
// RESUME family and in inlined copies of them.
func (s *search) findHandlers() error {
	var err error
	o := s.python.Opcodes
	if s.table, err = findTable(s.file, s.text, o); err != nil {
		return err
	}
	s.plan.TailCalls, s.framePointer = s.enter()
	s.newGraph()
	family := map[uint64]bool{}
	for _, r := range o.Resume {
		family[s.table.handlers[r.Code]] = true
	}
	entries := []uint64{s.table.handlers[o.Hot.Code]}
	for _, r := range o.Resume {
		if r != o.Hot {
			entries = append(entries, s.table.handlers[r.Code])
		}
	}
	own := len(entries)
	entries = append(entries, s.findCopies(family)...)
	if err := s.layOut(entries, own); err != nil {
		return err
	}
	set, all, err := s.chooseWith(s.findAlike(), entries, own)
	if err != nil {
		return err
	}
	s.place(set)
	s.findExecutor()
	kind := "computed-goto table"
	switch {
	case s.plan.TailCalls:
		kind = "tail-call table"
	case s.table.offsets:
		kind = "switch table"
	}
	s.plan.Method = fmt.Sprintf("%s, %d handlers", kind, len(o.Resume))
	if n := len(all) - own; n > 0 {
		s.plan.Method += fmt.Sprintf(", %d inlined copies", n)
	}
	return nil
}

// chooseWith chooses sites for entries and, if it can, for code that does what
// RESUME_CHECK does and is not come by from them: it is taken for more copies.
// Some never runs (BOLT leaves the code it moved), so it need not be coverable.
func (s *search) chooseWith(alike, entries []uint64, own int) ([]choice, []uint64, error) {
	if len(alike) > 0 {
		all := append(entries[:len(entries):len(entries)], alike...)
		if err := s.layOut(all, own); err == nil {
			if set, err := s.choose(); err == nil {
				return set, all, nil
			}
		}
		if err := s.layOut(entries, own); err != nil {
			return nil, nil, err
		}
	}
	set, err := s.choose()
	if len(alike) > 0 {
		s.plan.weaken(fmt.Sprintf("code at %#x looks like a copy of a handler, and no probe covers it", alike))
	}
	return set, entries, err
}

// layOut grows the graph from some entries, of which the first are the table's
// own handlers, and follows values along it.
func (s *search) layOut(entries []uint64, own int) error {
	s.newGraph()
	family := map[uint64]bool{}
	for _, e := range entries[:own] {
		family[e] = true
	}
	for _, h := range s.table.handlers {
		s.graph.handlers[h] = true
		s.graph.ends[h] = !family[h]
	}
	if err := s.begin(entries, own); err != nil {
		return err
	}
	return s.run(func(e int) state { return s.follow.begin(s.naming(e, own)) })
}

// choose finds a cover of the graph, the strictest that there is.
func (s *search) choose() ([]choice, error) {
	s.plan.Weak = ""
	s.graph.markForeign(s.table)
	s.findUndone()
	for _, strict := range []struct {
		strictness
		weak string
	}{
		{allEnds, ""},
		{dispatchEnds, "ways that end in an error are not proven to count"},
		{knownEnds, "a compiled switch of an error's way could not be followed: that it counts once is not proven"},
	} {
		if set := findCover(s.graph, strict.strictness, s.quality); set != nil {
			if strict.weak != "" {
				s.plan.weaken(strict.weak)
			}
			return set, nil
		}
	}
	return nil, &Error{Found: fmt.Sprintf("the opcode table at %#x, %d handlers and copies of them, %d instructions", s.table.address, len(s.graph.entries), len(s.graph.nodes)),
		Missing: "cheap instructions such that every way through the handlers passes exactly one"}
}

// run follows values along the graph, and compiled switches as they become known.
func (s *search) run(begin func(entry int) state) error {
	const most = 16 // rounds: switches behind switches
	for range most {
		s.graph.flow(s.follow, begin)
		if grew, err := s.resolve(); err != nil || !grew {
			return err
		}
	}
	return nil
}

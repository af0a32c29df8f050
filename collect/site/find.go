package site

import (
	"fmt"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// Find says where in a CPython's file probes go. It proves that every start
// and resume of a Python function passes exactly one of the counted sites, and
// returns an *Error when it cannot.
func Find(f *elf.File, p *cpython.Python) (*Plan, error) {
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
	return s.plan, Validate(f, s.plan)
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
	s.follow = &follower{values: newValues(), stacks: map[value]bool{}, frames: map[value]bool{}, layout: s.layout()}
}

// findHandlers finds the sites of 3.11 and later: in the handlers of the
// RESUME family and in inlined copies of them.
func (s *search) findHandlers() error {
	var err error
	o := s.python.Opcodes
	if s.table, err = findTable(s.file, s.text, o); err != nil {
		return err
	}
	s.newGraph()
	family := map[uint64]bool{}
	for _, r := range o.Resume {
		family[s.table.handlers[r.Code]] = true
	}
	for _, h := range s.table.handlers {
		s.graph.handlers[h] = true
		s.graph.ends[h] = !family[h]
	}
	entries := []uint64{s.table.handlers[o.Hot.Code]}
	for _, r := range o.Resume {
		if r != o.Hot {
			entries = append(entries, s.table.handlers[r.Code])
		}
	}
	copies := s.findCopies(family)
	entries = append(entries, copies...)
	if err := s.begin(entries, len(o.Resume)); err != nil {
		return err
	}
	s.graph.flow(s.follow, func(e int) state { return s.follow.begin(s.naming(e, len(o.Resume))) })
	s.graph.markForeign(s.table)
	s.findUndone()
	strict := allEnds
	set := findCover(s.graph, strict, s.quality)
	if set == nil {
		strict = dispatchEnds
		set = findCover(s.graph, strict, s.quality)
	}
	if set == nil {
		return &Error{Found: fmt.Sprintf("the opcode table at %#x, %d handlers and %d inlined copies of them, %d instructions", s.table.address, len(o.Resume), len(copies), len(s.graph.nodes)),
			Missing: "cheap instructions such that every way through the handlers passes exactly one"}
	}
	s.place(set)
	s.findExecutor()
	kind := "computed-goto table"
	if s.table.offsets {
		kind = "switch table"
	}
	s.plan.Method = fmt.Sprintf("%s, %d handlers", kind, len(o.Resume))
	if len(copies) > 0 {
		s.plan.Method += fmt.Sprintf(", %d inlined copies", len(copies))
	}
	if strict != allEnds {
		s.plan.weaken("ways that end in an error are not proven to count")
	}
	return nil
}

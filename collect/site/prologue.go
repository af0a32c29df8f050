package site

// enter looks at the eval function from its beginning to its first dispatch.
// It calls through the opcode table only where handlers are functions that end
// in tail calls; else it tells how far rbp, if it is a frame pointer there, is
// above rsp in all handlers: 0 if that is not known.
func (s *search) enter() (tailCalls bool, framePointer int64) {
	e := &search{text: s.text, file: s.file, python: s.python, table: s.table}
	e.newGraph()
	for _, h := range s.table.handlers {
		e.graph.ends[h] = true
	}
	n, err := e.graph.grow(s.python.EvalFrame)
	if err != nil {
		return false, 0
	}
	e.graph.starts[s.python.EvalFrame] = 0
	e.graph.entries = []int32{n}
	e.graph.flow(e.follow, e.follow.begin)
	for k := range e.graph.nodes {
		x := &e.graph.nodes[k]
		if !x.reached || x.flow != points && x.flow != dispatches {
			continue
		}
		if x.flow == points {
			tailCalls = tailCalls || e.throughTable(x)
			continue
		}
		stack, low := e.follow.split(x.state.registers[s.text.isa.stack])
		frame, high := e.follow.split(x.state.registers[s.text.isa.frame])
		switch d := high - low; {
		case !e.follow.stacks[stack] || frame != stack || d <= 0, framePointer != 0 && framePointer != d:
			framePointer = -1
		case framePointer == 0:
			framePointer = d
		}
	}
	if tailCalls || framePointer < 0 {
		framePointer = 0
	}
	return tailCalls, framePointer
}

// throughTable tells whether a call or jump through a pointer takes it out of
// the opcode table.
func (s *search) throughTable(x *node) bool {
	to := unknown
	if o := x.instruction.from; o.kind == inRegister {
		to = x.state.registers[o.register]
	} else if o.kind == inMemory {
		to = s.follow.row(o, &x.state)
	}
	o := s.follow.origins[to]
	return o.kind == row && o.base != unknown && uint64(s.follow.origins[o.base].n) == s.table.address
}

package site

// findUndone finds the calls of _Py_Instrument(code, interp): the first
// argument is the frame's code object, the second a thread's interpreter.
func (s *search) findUndone() {
	s.plan.Instrument = nil
	if !s.python.Traits.Redispatch {
		return
	}
	s.markUndone(s.isCode, func(t value) bool { return !s.follow.frames[t] })
	if len(s.plan.Instrument) == 0 { // debug builds get the code object from a call, so its value is not known
		s.markUndone(func(x value) bool { return x == unknown }, s.maybeThread)
	}
	if len(s.plan.Instrument) == 0 {
		s.plan.weaken("no call of _Py_Instrument was found: switching monitoring or tracing on or off counts running functions once more")
	}
}

// markUndone marks the calls whose first argument is one asked for and whose
// second is a thread's interpreter.
func (s *search) markUndone(first, thread func(value) bool) {
	for k := range s.graph.nodes {
		n := &s.graph.nodes[k]
		if !n.reached || n.flow != calls && n.flow != points || !first(n.state.registers[s.text.isa.arguments[0]]) {
			continue
		}
		o := s.follow.origins[n.state.registers[s.text.isa.arguments[1]]]
		if o.kind != loaded || o.n != s.follow.layout.threadInterp || !thread(o.base) {
			continue
		}
		n.undoes = true
		site, ok := s.at(n) // a generator's hit needs the frame to know what to take back
		if !ok && site.Next == None {
			s.plan.weaken("at a call of _Py_Instrument the frame is not known: a generator's first instruction after monitoring was switched may count twice")
		}
		site.Code = None
		s.plan.Instrument = append(s.plan.Instrument, s.finish(site))
	}
}

// maybeThread tells whether a value may be the thread: all handlers have it in
// one place, a register or the eval function's stack.
func (s *search) maybeThread(x value) bool { return s.fromEntry(x) && !s.follow.frames[x] }

// findFreed finds where code_dealloc(code), PyCode_Type's tp_dealloc, is
// entered: the first cheap instruction that leaves the argument where it is.
func (s *search) findFreed() {
	entry, ok := s.file.Pointer(s.python.CodeType + uint64(s.python.Offsets.Type.Dealloc))
	if !ok || !s.text.holds(entry) {
		s.plan.weaken("PyCode_Type's tp_dealloc was not found: a freed function's counts may go to its successor at the same address")
		return
	}
	none := Site{Address: entry, Code: None, Frame: None, Next: None, Throw: None}
	if at, ok := s.straight(entry, 1<<s.text.isa.arguments[0]); ok {
		none.Address = at
	} else {
		s.plan.weaken("code_dealloc has no cheap instruction: each freed function costs microseconds")
	}
	s.plan.Freed = []Site{s.finish(none)}
}

// straight finds the first cheap instruction on the way that every call from
// an entry takes, before any of the registers is changed.
func (s *search) straight(at uint64, keep uint32) (uint64, bool) {
	const most = 40
	for n := 0; n < most; n++ {
		i := s.text.decode(at)
		switch {
		case i.cheap:
			return at, true
		case i.flow != straight, i.clobbers&keep != 0:
			return 0, false
		case i.to.kind == inRegister && keep>>i.to.register&1 != 0 && i.effect != tests && i.effect != compares && i.effect != nothing:
			return 0, false
		}
		at = i.next()
	}
	return 0, false
}

// findExecutor finds a site in the handler that enters a JIT's trace.
func (s *search) findExecutor() {
	o := s.python.Opcodes.Executor
	if o.Name == "" {
		return
	}
	h := s.table.handlers[o.Code]
	for c, other := range s.table.handlers {
		if other == h && c != int(o.Code) {
			return // this build has no JIT: the handler is the unknown opcode's
		}
	}
	at, ok := s.straight(h, 0)
	if !ok {
		at = h
		s.plan.weaken(o.Name + " has no cheap instruction")
	}
	s.plan.Executor = []Site{s.finish(Site{Address: at, Code: None, Frame: None, Next: None, Throw: None})}
}

package site

// holds finds a register whose value is one of those asked for; None: there is none.
func (s *search) holds(n *node, is func(value) bool) Register {
	for r, x := range n.state.registers {
		if Register(r) != s.text.isa.stack && x != unknown && is(x) {
			return Register(r)
		}
	}
	return None
}

func (s *search) isFrame(x value) bool { return s.follow.frames[x] }

// isCode tells whether a value is the code object of the frame, tagged or not.
func (s *search) isCode(x value) bool {
	o := s.follow.origins[x]
	if o.kind == masked {
		o = s.follow.origins[o.base]
	}
	return o.kind == loaded && o.n == s.follow.layout.code && s.follow.frames[o.base]
}

// ahead tells how far a value is ahead of the running instruction; false: it is not.
func (s *search) ahead(x value) (uint8, bool) {
	base, k := s.follow.split(x)
	if k < 0 || k > 15 || base == unknown {
		return 0, false
	}
	for _, n := range s.nexts {
		if n == base {
			return uint8(k), true
		}
	}
	return 0, false
}

// frameSlot finds a slot of the stack, upwards of the stack pointer, that
// holds the frame.
func (s *search) frameSlot(n *node) (uint16, bool) {
	const most = 1 << 15
	stack, low := s.follow.split(n.state.registers[s.text.isa.stack])
	if !s.follow.stacks[stack] {
		return 0, false
	}
	for f := range s.follow.frames {
		o := s.follow.origins[f]
		if o.kind != loaded {
			continue
		}
		at := o.n - low // from the stack pointer here
		if o.base != stack {
			if s.framePointer == 0 || s.follow.origins[o.base] != (origin{kind: atEntry, n: int64(s.text.isa.frame)}) || s.follow.origins[stack] != (origin{kind: atEntry, n: int64(s.text.isa.stack)}) {
				continue
			}
			at = o.n - belowFramePointer + s.framePointer - low
		}
		if at >= 0 && at < most && at%8 == 0 && n.state.peek(s.follow.values, o.base, o.n, 8) == f {
			return uint16(at), true
		}
	}
	// A register's value may have been put on the stack on the way.
	for at := int64(0); at < 512; at += 8 {
		if x := n.state.peek(s.follow.values, stack, low+at, 8); x != unknown && s.follow.frames[x] {
			return uint16(at), true
		}
	}
	return 0, false
}

// at says what is where at a node.
func (s *search) at(n *node) (site Site, ok bool) {
	site = Site{Address: n.address, Cheap: n.cheap, Code: s.holds(n, s.isCode), Frame: s.holds(n, s.isFrame), Next: None, Throw: None}
	ok = true
	if site.Frame == None {
		site.Slot, ok = s.frameSlot(n)
	}
	least := uint8(255)
	for r, x := range n.state.registers {
		if k, ok := s.ahead(x); ok && k < least && Register(r) != s.text.isa.stack {
			site.Next, site.Ahead, least = Register(r), k, k
		}
	}
	if s.follow.throw != unknown {
		site.Throw = s.holds(n, func(x value) bool { return s.follow.low(x) == s.follow.low(s.follow.throw) })
	}
	return site, ok
}

// quality rates a choice: a code object in a register saves a read at every
// hit, the next instruction's address one at a generator's.
func (s *search) quality(n *node, when When) int {
	if n.foreign || !n.reached {
		return -1
	}
	at, ok := s.at(n)
	if !ok || at.Next == None && n.state.facts&stored == 0 {
		return -1
	}
	q := 0
	if at.Code != None {
		q += 4
	}
	if at.Next != None {
		q += 2
	}
	if at.Frame != None {
		q++
	}
	return q
}

// place makes sites of choices.
func (s *search) place(set []choice) {
	for _, c := range set {
		n := &s.graph.nodes[c.node]
		site, _ := s.at(n)
		site.When = c.when
		if c.when != Always {
			site.Condition = n.condition
		}
		s.plan.Calls = append(s.plan.Calls, s.finish(site))
	}
}

func (s *search) finish(site Site) Site { return s.text.finish(site) }

// finish fills in what the file says about a site.
func (t *text) finish(site Site) Site {
	site.Offset, _ = t.file.Offset(site.Address)
	b := t.at(site.Address)
	i := t.isa.decode(site.Address, b)
	site.Bytes = append([]byte(nil), b[:min(int(i.size), len(b))]...)
	site.Text = t.isa.disassemble(site.Address, b)
	site.Cheap = i.cheap
	return site
}

// weaken notes what is weaker than it could be.
func (p *Plan) weaken(what string) {
	if p.Weak != "" {
		p.Weak += "; "
	}
	p.Weak += what
}

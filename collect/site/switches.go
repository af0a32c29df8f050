package site

// resolve follows compiled switches: jumps through a table of the compiler's
// own, not the opcode table. true: the graph grew, so values are to be followed
// again.
func (s *search) resolve() (bool, error) {
	grew := false
	for n := 0; n < len(s.graph.nodes); n++ {
		x := &s.graph.nodes[n]
		if x.flow != dispatches || !x.reached || x.end == switched {
			continue
		}
		targets, known := s.targets(x, int32(n))
		if !known {
			x.end = lost
		}
		if len(targets) == 0 {
			continue
		}
		var cases []int32
		for _, t := range targets {
			if s.graph.ends[t] {
				continue
			}
			m, err := s.graph.grow(t)
			if err != nil {
				return false, err
			}
			cases = append(cases, m)
		}
		x = &s.graph.nodes[n]
		x.cases, x.end = cases, switched
		grew = true
	}
	return grew, nil
}

// fewestOpcodes tells the eval loop's own switch from others up to 3.10, where
// its table is not looked for: it has more cases than any other there.
const fewestOpcodes = 100

// targets are where a jump through a pointer goes if it is a compiled switch;
// none: it is a dispatch. Not known: it is a switch that cannot be followed.
func (s *search) targets(x *node, n int32) ([]uint64, bool) {
	to := unknown
	switch x.instruction.from.kind {
	case inRegister:
		to = x.state.registers[x.instruction.from.register]
	case inMemory:
		to = s.follow.row(x.instruction.from, &x.state)
	}
	o := s.follow.origins[to]
	switch {
	case o.kind == leap && o.base == unknown:
		return nil, s.table != nil && s.table.offsets
	case o.kind != leap && (o.kind != row || o.n != 8 || o.base == unknown):
		return nil, true
	}
	at := uint64(s.follow.origins[o.base].n)
	if s.table != nil && at == s.table.address {
		return nil, true
	}
	count, known := s.bound(n)
	if s.table == nil && (!known || count >= fewestOpcodes) {
		return nil, true
	}
	var targets []uint64
	handlers := 0
	for k := uint64(0); k < count; k++ {
		var t uint64
		var ok bool
		if o.kind == leap {
			b, err := s.file.Read(at+4*k, 4)
			if ok = err == nil; ok {
				t = at + uint64(int64(int32(le.Uint32(b))))
			}
		} else {
			t, ok = s.file.Pointer(at + 8*k)
		}
		if !ok || !s.text.holds(t) {
			if known {
				return nil, false
			}
			break
		}
		if s.graph.handlers[t] {
			handlers++
		}
		targets = append(targets, t)
	}
	if handlers > len(targets)/2 {
		return nil, true // another table of the interpreter's
	}
	return targets, len(targets) > 0
}

// bound finds how many cases a switch has: the comparison on the way to it.
func (s *search) bound(n int32) (uint64, bool) {
	const most, cases = 24, 256
	to := n
	var condition *node
	way := 0
	for k := 0; k < most && n != none; k++ {
		x := &s.graph.nodes[n]
		if x.flow == branches && condition == nil {
			condition, way = x, 0
			if x.next[1] == to && x.next[0] != to {
				way = 1
			}
		}
		if x.effect == compares && x.instruction.from.kind == isConstant && condition != nil {
			taken, more, ok := s.text.isa.below(condition.condition)
			if n := uint64(x.instruction.from.constant) + more; ok && taken == (way == 1) && n > 0 && n <= 4096 {
				return n, true
			}
			condition = nil
		}
		to, n = n, x.from
	}
	return cases, false
}

package site

// follower knows how instructions change a state, and what of it matters.
type follower struct {
	*values
	isa    *isa
	stacks map[value]bool // stack pointers at the entries
	frames map[value]bool // what is known to be the frame
	nexts  map[value]bool // what is known to be the running instruction's address
	throw  value          // up to 3.10: throwflag
	layout layout
	stored func(to, holds value) // told of each store of 64 bits to [to + layout.instr]; may be nil
}

// layout is what the walk needs of cpython.Offsets.
type layout struct {
	code, instr, lasti                          int64
	threadFrame, threadInterp, version, breaker int64
}

// belowFramePointer sets what is below rbp apart from what rsp names: where rbp
// is a frame pointer the two meet, but how far apart they are only the
// function's beginning tells.
const belowFramePointer = -1 << 30

// local tells whether [base + k] is a function's own memory, which calls do not
// change, and where it is among a state's cells.
func (w *follower) local(base value, k int64) (int64, bool) {
	if w.stacks[base] {
		return k, true
	}
	if o := w.origins[base]; o.kind == atEntry && o.register() == w.isa.frame && (k < 0 || w.isa.above) && k >= -1<<20 && k < 1<<20 {
		return k + belowFramePointer, true
	}
	return 0, false
}

// target is the address of a memory operand as a value plus an offset.
func (w *follower) target(o operand, s *state) (value, int64) {
	if o.index != None {
		return unknown, 0
	}
	if o.base == None {
		return w.constant(o.constant), 0
	}
	base, k := w.split(s.registers[o.base])
	return base, k + o.constant
}

func (w *follower) read(o operand, width uint8, s *state) value {
	switch o.kind {
	case inRegister:
		if width == 4 {
			return w.low(s.registers[o.register])
		}
		return s.registers[o.register]
	case isConstant:
		return w.constant(o.constant)
	case inMemory:
		base, k := w.target(o, s)
		if at, ok := w.local(base, k); ok {
			return s.peek(w.values, base, at, width)
		}
		if base != unknown && width == 8 {
			return w.load(base, k)
		}
	}
	return unknown
}

func (w *follower) write(o operand, width uint8, holds value, s *state) {
	if o.kind == inRegister {
		s.registers[o.register] = holds
		return
	}
	base, k := w.target(o, s)
	at, local := w.local(base, k)
	switch {
	case o.index != None:
		if o.base == w.isa.stack || o.base == w.isa.frame {
			s.forgetStack()
		}
	case local:
		s.poke(at, width, holds)
	default:
		if w.frames[holds] && k == w.layout.threadFrame { // through whatever: tstate->frame = frame
			s.facts |= pushed
		}
		if w.frames[base] && k == w.layout.instr {
			s.facts &^= stored
			if width == 8 && w.nexts[holds] {
				s.facts |= stored
			}
		}
		if w.frames[base] && k < w.layout.lasti+4 && k+int64(width) > w.layout.lasti {
			s.facts &^= lastiWhole
		}
		if w.stored != nil && width == 8 && k == w.layout.instr {
			w.stored(base, holds)
		}
	}
}

// step changes s by one instruction.
func (w *follower) step(i *instruction, s *state) {
	if i.flags && i.effect != tests && i.effect != compares {
		s.flags = verdict{}
	}
	switch i.effect {
	case moves:
		x := w.read(i.from, i.width, s)
		if i.from.kind == inMemory && i.from.index != None && i.width == 8 {
			x = w.row(i.from, s)
		}
		if i.to.kind == inRegister && i.from.kind == inMemory && i.width < 4 {
			x = unknown
		}
		w.write(i.to, i.width, x, s)
	case addresses:
		x := unknown
		if base, k := w.target(i.from, s); base != unknown {
			x = w.add(base, k)
		}
		s.registers[i.to.register] = x
	case adds:
		s.registers[i.to.register] = w.add(s.registers[i.to.register], i.from.constant)
	case masks:
		x := s.registers[i.to.register]
		if i.with.kind == inRegister {
			x = s.registers[i.with.register]
		}
		s.registers[i.to.register] = w.mask(x, i.from.constant)
	case widens:
		s.registers[i.to.register] = w.row(i.from, s)
	case sums:
		x := s.registers[i.to.register]
		if i.with.kind == inRegister {
			x = s.registers[i.with.register]
		}
		s.registers[i.to.register] = w.sum(x, s.registers[i.from.register])
	case pushes:
		x := w.read(i.from, 8, s)
		s.registers[rsp] = w.add(s.registers[rsp], -8)
		w.write(operand{kind: inMemory, base: rsp, index: None}, 8, x, s)
	case pops:
		x := w.read(operand{kind: inMemory, base: rsp, index: None}, 8, s)
		s.registers[rsp] = w.add(s.registers[rsp], 8)
		if i.to.kind == inRegister {
			s.registers[i.to.register] = x
		}
	case leaves:
		s.registers[rsp] = s.registers[rbp]
		s.registers[rbp] = w.read(operand{kind: inMemory, base: rsp, index: None}, 8, s)
		s.registers[rsp] = w.add(s.registers[rsp], 8)
	case pairs:
		w.pair(i, s)
	case leaps:
		s.registers[i.to.register] = w.number(origin{kind: leap})
	case writes:
		w.write(i.to, i.width, unknown, s)
	case tests:
		s.flags = verdict{of: w.read(i.from, i.width, s)}
	case compares:
		s.flags = w.compare(i, s)
	}
	if i.bump != 0 {
		o := i.to
		if o.kind != inMemory {
			o = i.from
		}
		s.registers[o.base] = w.add(s.registers[o.base], i.bump)
	}
	for r, left := Register(0), i.clobbers; left != 0; r, left = r+1, left>>1 {
		if left&1 != 0 {
			s.registers[r] = unknown
		}
	}
}

// pair moves two registers to or from memory.
func (w *follower) pair(i *instruction, s *state) {
	if i.to.kind == inMemory {
		behind := i.to
		behind.constant += int64(i.width)
		w.write(i.to, i.width, w.read(i.from, i.width, s), s)
		w.write(behind, i.width, w.read(i.with, i.width, s), s)
		return
	}
	behind := i.from
	behind.constant += int64(i.width)
	first, second := w.read(i.from, i.width, s), w.read(behind, i.width, s)
	w.write(i.to, i.width, first, s)
	w.write(i.with, i.width, second, s)
}

// row is what an indexed load gives: an entry of a table, if at a known place.
func (w *follower) row(o operand, s *state) value {
	if o.index == None || o.scale != 4 && o.scale != 8 {
		return unknown
	}
	table := w.constant(o.constant)
	if o.base != None {
		base := s.registers[o.base]
		if base == unknown || w.origins[base].kind != constant {
			return w.number(origin{kind: row, n: int64(o.scale)})
		}
		table = w.add(base, o.constant)
	}
	return w.number(origin{kind: row, base: table, n: int64(o.scale)})
}

// sum follows the one addition that matters: a table's address and an offset
// out of it.
func (w *follower) sum(a, b value) value {
	for range 2 {
		if o := w.origins[a]; o.kind == row && o.n == 4 {
			if o.base != unknown && o.base != b {
				return w.number(origin{kind: leap})
			}
			return w.number(origin{kind: leap, base: o.base})
		}
		a, b = b, a
	}
	return unknown
}

// compare is what the flags tell after a comparison with a constant. What is
// compared does not matter here, so it may be unknown: it is given a number.
func (w *follower) compare(i *instruction, s *state) verdict {
	for _, o := range []operand{i.from, i.to} {
		x := w.read(o, 8, s)
		if x != unknown && w.origins[x].kind == constant && o.kind != inMemory {
			return verdict{of: w.number(origin{kind: compared}), to: x}
		}
	}
	return verdict{}
}

// begin is the state at an entry: nothing but where each register's value is from.
func (w *follower) begin(entry int) state {
	s := state{facts: lastiWhole}
	for r := range s.registers[:w.isa.registers] {
		s.registers[r] = w.entry(entry, Register(r))
	}
	w.stacks[s.registers[w.isa.stack]] = true
	return s
}

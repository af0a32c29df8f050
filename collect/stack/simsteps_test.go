package stack

import "encoding/binary"

// What the made-up thread does, as steps.

// top is where a thread state, or the C stack, has the innermost frame.
func (s *sim) top(frame uint64) {
	o := &s.python.Offsets
	if s.kind == cframes {
		s.put(simCFrame+uint64(o.CFrame.CurrentFrame), frame)
		return
	}
	s.put(simState+uint64(o.Thread.CurrentFrame), frame)
}

// current is the innermost frame's address.
func (s *sim) current() uint64 {
	if len(s.frames) == 0 {
		return 0
	}
	return s.frames[0].at
}

// othersGIL tells whether the other thread has the GIL.
func (s *sim) othersGIL() bool {
	at := simGIL + uint64(s.python.Offsets.GIL.LastHolder) - simBase
	return binary.LittleEndian.Uint64(s.arena[at:]) == simOther
}

// tell adds the stack that is now complete to those that there were.
func (s *sim) tell() {
	var names []string
	for _, f := range s.frames {
		names = append(names, f.function)
	}
	s.truth = append(s.truth, names)
}

// room is where a function's frame lies: its own object, or the next room on
// the stack.
func (s *sim) room(name string) uint64 {
	if s.kind == objects || name == "gen" {
		at := simObject + (s.code(name)-simCode)/2
		for _, f := range s.frames {
			if f.at == at {
				at += 0x80 // it calls itself: from the free list
			}
		}
		return at
	}
	return simStack + 0x80*uint64(len(s.frames))
}

// call enters a function, or resumes the generator.
func (s *sim) call(name string) {
	o := &s.python.Offsets.Frame
	var at uint64
	s.do(
		func() {
			at = s.room(name)
			s.put(at, 1) // it is referred to
		},
		func() {
			s.put(at+uint64(o.Executable), s.code(name))
			if s.kind != objects {
				s.put(at+uint64(o.Owner), 0)
				if name == "gen" {
					s.put(at+uint64(o.Owner), ownedByGenerator)
				}
			}
		},
		func() { s.put(at+uint64(o.Previous), s.current()) },
		func() {
			s.frames = append([]simFrame{{name, at}}, s.frames...)
			s.top(at)
			s.tell()
		},
	)
}

// leave returns from the innermost function, or yields.
func (s *sim) leave() {
	o := &s.python.Offsets.Frame
	var left simFrame
	s.do(func() {
		left, s.frames = s.frames[0], s.frames[1:]
		s.top(s.current())
		s.tell()
	})
	if s.kind == objects {
		s.do(func() { s.put(left.at+uint64(o.Previous), 0) })
		s.do(func() {
			if left.function != "gen" {
				s.put(left.at, 0) // freed
			}
		})
		return
	}
	s.do(func() {
		if left.function == "gen" {
			s.put(left.at+uint64(o.Previous), 0)
		}
	})
}

// drop lets the other thread have the GIL.
func (s *sim) drop() { s.elsewhere(s.holder(simOther), s.switched) }

// take takes the GIL from the other.
func (s *sim) take() { s.do(s.holder(simState), s.switched) }

func (s *sim) holder(state uint64) func() {
	return func() { s.put(simGIL+uint64(s.python.Offsets.GIL.LastHolder), state) }
}

func (s *sim) switched() {
	at := simGIL + uint64(s.python.Offsets.GIL.SwitchNumber) - simBase
	s.arena[at]++
	if s.arena[at] == 0 {
		s.arena[at+1]++
	}
}

// sleep lets the thread sleep in the kernel.
func (s *sim) sleep() { s.do(func() { s.running, s.asleep = false, true }) }

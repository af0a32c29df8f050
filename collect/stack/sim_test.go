package stack

import (
	"encoding/binary"
	"errors"
	"slices"

	"pytop/collect/cpython"
)

// sim is a made-up target: a thread that runs Python, and another that has the
// GIL when the first has not. What they do is a list of steps, each a change
// that others can see alone; steps are taken before an answer is given.
type sim struct {
	python *cpython.Python
	arena  []byte
	kind   layout
	frames []simFrame // of the first thread, the innermost first
	truth  [][]string // its stacks, as they followed each other

	steps  []simStep
	before func() // is called before each answer
	asked  int

	running, asleep       bool
	given                 uint64
	at, bound             int // CPUs; bound: of the reader
	unbindable, uncounted bool
	others                map[int]*uint64 // other threads that run: how often they were given a CPU
}

// layout is how a version keeps its frames.
type layout int

const (
	objects layout = iota // up to 3.10: one object a function, linked by f_back
	cframes               // 3.11 and 3.12: on a stack of their own, found by way of the C stack
	stacked               // from 3.13
)

// simStep is one change; by the other thread, or by the first, which needs a CPU.
type simStep struct {
	others bool
	change func()
}

type simFrame struct {
	function string
	at       uint64
}

// Where what is in the arena.
const (
	simBase    = 0x100000
	simRuntime = simBase
	simInterp  = simBase + 0x400
	simGIL     = simRuntime + 0x100
	simState   = simBase + 0x800
	simOther   = simBase + 0xc00
	simCFrame  = simBase + 0x1000
	simType    = simBase + 0x1100
	simCode    = simBase + 0x2000
	simObject  = simBase + 0x4000 // a function's frame, or its generator's
	simStack   = simBase + 0x6000
	simSize    = 0x8000
	simTID     = 71
	simPthread = 0x7001
)

// simFunctions are the functions that there are; "gen" is a generator.
var simFunctions = []string{"main", "f", "g", "gen"}

func newSim(kind layout) *sim {
	s := &sim{kind: kind, arena: make([]byte, simSize), bound: noCPU, at: 0, running: true, given: 7, before: func() {}}
	s.python = simPython(kind)
	o := &s.python.Offsets
	s.put(simRuntime+uint64(o.Runtime.InterpretersHead), simInterp)
	for i, state := range []uint64{simState, simOther} {
		s.put(state+uint64(o.Thread.Interp), simInterp)
		s.put(state+uint64(o.Thread.ThreadID), simPthread+uint64(i))
		s.put(state+uint64(o.Thread.NativeThreadID), simTID+uint64(i))
	}
	if kind == cframes {
		s.put(simState+uint64(o.Thread.CFrame), simCFrame)
	}
	for i, name := range simFunctions {
		code := s.code(name)
		s.put(code+8, simType)
		s.put(code+uint64(o.Code.Filename), code+0x200)
		s.put(code+uint64(o.Code.Name), code+0x280)
		s.put(code+uint64(o.Code.Linetable), code+0x300)
		s.put(code+uint64(o.Code.Firstlineno), uint64(10*i))
		s.str(code+0x200, "sim.py")
		s.str(code+0x280, name)
	}
	s.put(simGIL+uint64(o.GIL.LastHolder), simState)
	s.put(simGIL+uint64(o.GIL.SwitchNumber), 1000)
	s.now("main")
	return s
}

func simPython(kind layout) *cpython.Python {
	p := &cpython.Python{
		Runtime: simRuntime, CodeType: simType,
		Offsets: cpython.Offsets{
			Runtime:     cpython.RuntimeOffsets{InterpretersHead: 0, GIL: 0x100},
			Interpreter: cpython.InterpreterOffsets{Next: 0, ID: 16, CevalGIL: cpython.Absent},
			GIL:         cpython.GILOffsets{LastHolder: 8, SwitchNumber: 24},
			Thread:      cpython.ThreadOffsets{Interp: 16, ThreadID: 32, NativeThreadID: 40, CurrentFrame: 24, CFrame: cpython.Absent},
			Frame:       cpython.FrameOffsets{Executable: 32, Previous: 24, InstrPtr: 40, Lasti: cpython.Absent, Owner: 48},
			Code:        cpython.CodeOffsets{Firstlineno: 16, Filename: 24, Name: 32, Qualname: cpython.Absent, Linetable: 40, CodeAdaptive: 64},
			Object:      cpython.ObjectOffsets{Type: 8},
			Unicode:     cpython.UnicodeOffsets{Length: 16, State: 32, KindShift: 2, ASCIISize: 48, CompactSize: 72},
		},
		Traits: cpython.Traits{ExecutableMask: ^uint64(0)},
	}
	switch kind {
	case objects:
		p.Traits.LegacyFrame = true
		p.Offsets.Frame.InstrPtr, p.Offsets.Frame.Lasti, p.Offsets.Frame.Owner = cpython.Absent, 40, cpython.Absent
	case cframes:
		p.Offsets.Thread.CFrame, p.Offsets.Thread.CurrentFrame = 24, cpython.Absent
	}
	return p
}

// process is the target as it is read.
func (s *sim) process() *Process {
	p := New(0, s.python, 0)
	p.machine = s
	return p
}

func (s *sim) put(at, value uint64) { binary.LittleEndian.PutUint64(s.arena[at-simBase:], value) }

func (s *sim) str(at uint64, text string) {
	s.put(at+16, uint64(len(text)))
	s.put(at+32, (1|1<<3|1<<4)<<2) // one byte a character, compact, ASCII
	copy(s.arena[at+48-simBase:], text)
}

func (s *sim) code(name string) uint64 {
	return simCode + 0x400*uint64(slices.Index(simFunctions, name))
}

// now puts a stack in place, the outermost function first.
func (s *sim) now(names ...string) {
	for _, name := range names {
		s.call(name)
	}
	s.finish()
	s.truth = s.truth[len(s.truth)-1:]
}

// finish takes all steps at once.
func (s *sim) finish() {
	for len(s.steps) > 0 {
		s.step()
	}
}

// step takes the next step; a thread that has no CPU is given one first. Where
// the reader is, it may be the reader's turn to wait, or the thread moves.
func (s *sim) step() {
	next := s.steps[0]
	if !s.running && !next.others {
		s.running, s.asleep = true, false
		if s.given++; s.bound == s.at && s.given%2 == 0 {
			s.at = 1 - s.at
		}
		return
	}
	s.steps = s.steps[1:]
	next.change()
}

func (s *sim) do(changes ...func()) {
	for _, change := range changes {
		s.steps = append(s.steps, simStep{change: change})
	}
}

func (s *sim) elsewhere(changes ...func()) {
	for _, change := range changes {
		s.steps = append(s.steps, simStep{others: true, change: change})
	}
}

// answer lets the target go on before it is asked. Whoever asks has a CPU: a
// thread on the one that the reader is bound to has none then.
func (s *sim) answer() {
	s.asked++
	s.before()
	if s.bound == s.at {
		s.running = false
	}
}

func (s *sim) read(at uint64, to []byte) error {
	s.answer()
	if at < simBase || at+uint64(len(to)) > simBase+simSize {
		return errors.New("no memory")
	}
	copy(to, s.arena[at-simBase:])
	return nil
}

func (s *sim) tids() ([]int, error) {
	s.answer()
	list := []int{simTID}
	for tid := range s.others {
		list = append(list, tid)
	}
	slices.Sort(list)
	return list, nil
}

func (s *sim) slices(tid int) (uint64, error) {
	s.answer()
	if other := s.others[tid]; other != nil {
		return *other, nil
	}
	if tid != simTID || s.uncounted {
		return 0, errors.New("not counted")
	}
	return s.given, nil
}

func (s *sim) sleeps(tid int) bool {
	s.answer()
	return tid == simTID && s.asleep && !s.running
}

func (s *sim) cpu(tid int) (int, error) {
	s.answer()
	if tid != simTID {
		return 1, nil
	}
	return s.at, nil
}

// on: the reader takes the CPU from the thread if it runs there.
func (s *sim) on(cpu int, do func()) error {
	if s.unbindable {
		return errors.New("not allowed")
	}
	s.bound = cpu
	s.answer()
	do()
	s.bound = noCPU
	return nil
}

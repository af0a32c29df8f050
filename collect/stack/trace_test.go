package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var layouts = map[string]layout{"objects": objects, "cframes": cframes, "stacked": stacked}

// names are the functions of a trace, the innermost first.
func names(t Trace) []string {
	var list []string
	for _, p := range t.Places {
		list = append(list, p.Function)
	}
	return list
}

// was tells whether the made-up thread had that stack at some instant.
func (s *sim) was(stack []string) bool {
	return slices.ContainsFunc(s.truth, func(one []string) bool { return slices.Equal(one, stack) })
}

// TestTrace: which threads can be read whole.
func TestTrace(t *testing.T) {
	for _, c := range []struct {
		name   string
		set    func(s *sim)
		noTID  bool
		torn   bool
		failed bool
	}{
		{name: "sleeps, had the GIL last", set: func(s *sim) { s.sleep() }},
		{name: "sleeps, and its kernel does not count", set: func(s *sim) { s.sleep(); s.uncounted = true }, torn: true},
		{name: "sleeps, and is read by its state alone", set: func(s *sim) { s.sleep() }, noTID: true, torn: true},
		{name: "waits for the GIL", set: func(s *sim) { s.drop(); s.uncounted = true }},
		{name: "waits for the GIL, and is read by its state alone", set: func(s *sim) { s.drop() }, noTID: true},
		{name: "runs", set: func(s *sim) {}},
		{name: "runs where pytop may not", set: func(s *sim) { s.unbindable = true }, torn: true},
		{name: "runs, and is read by its state alone", set: func(s *sim) {}, noTID: true, torn: true},
		{name: "runs while another of its own states has the GIL", set: func(s *sim) {
			s.drop()
			s.put(simOther+uint64(s.python.Offsets.Thread.ThreadID), simPthread)
		}, noTID: true, torn: true},
		{name: "runs while a freed state of another interpreter has the GIL", set: func(s *sim) {
			s.drop()
			s.put(simOther+uint64(s.python.Offsets.Thread.Interp), simInterp+8)
		}, noTID: true, torn: true},
		{name: "waits for the GIL among several interpreters", set: func(s *sim) {
			s.drop()
			s.put(simInterp, simInterp+0x200)
		}, noTID: true, torn: true},
		{name: "sleeps in another interpreter, whose state a thread runs", set: func(s *sim) { s.sub(); s.sleep(); s.others = map[int]*uint64{72: new(uint64)} }, torn: true},
		{name: "sleeps in another interpreter, and no other thread is there", set: func(s *sim) { s.sub(); s.sleep() }},
		{name: "waits for no GIL, free-threaded", set: func(s *sim) { s.drop(); s.python.Traits.FreeThreaded = true }, noTID: true, torn: true},
		{name: "sleeps, free-threaded", set: func(s *sim) { s.sleep(); s.python.Traits.FreeThreaded = true }},
		{name: "its state is another thread's", set: func(s *sim) {
			s.put(simState+uint64(s.python.Offsets.Thread.NativeThreadID), 99)
		}, failed: true},
	} {
		for kind, layout := range layouts {
			t.Run(c.name+"/"+kind, func(t *testing.T) {
				s := newSim(layout)
				s.call("f")
				s.call("gen")
				c.set(s)
				s.finish()
				tid := simTID
				if c.noTID {
					tid = 0
				}
				trace, err := s.process().TraceThread(Thread{Address: simState, TID: simTID}, tid)
				if c.failed {
					if !errors.Is(err, ErrChanging) {
						t.Errorf("%v, %+v", err, trace)
					}
					return
				}
				if err != nil || trace.Torn != c.torn || !slices.Equal(names(trace), []string{"gen", "f", "main"}) {
					t.Errorf("%v, torn %v: %v", err, trace.Torn, names(trace))
				}
			})
		}
	}
}

// sub makes the interpreter one that is not the main one.
func (s *sim) sub() { s.put(simInterp+uint64(s.python.Offsets.Interpreter.ID), 1) }

// TestTraceState: a state alone is enough for a thread that waits for the GIL.
func TestTraceState(t *testing.T) {
	s := newSim(stacked)
	s.drop()
	s.finish()
	if trace, err := s.process().Trace(simState); err != nil || trace.Torn || !slices.Equal(names(trace), []string{"main"}) {
		t.Errorf("%v, %+v", err, trace)
	}
	if trace, err := s.process().Trace(8); err == nil {
		t.Errorf("no memory: %+v", trace)
	}
}

// TestTraceInterleaved lets a thread do something between any two answers, and
// something else, after which memory looks as it did, between any two later.
func TestTraceInterleaved(t *testing.T) {
	for _, c := range []struct {
		name             string
		set, first, then func(s *sim)
	}{
		{"a generator yields, and is resumed", func(s *sim) { s.call("gen") }, (*sim).leave, func(s *sim) { s.call("gen") }},
		{"a function returns, and is called again", func(s *sim) { s.call("f"); s.call("g") }, (*sim).leave, func(s *sim) { s.call("g") }},
		{"a function is called by another, and by the first again", func(s *sim) { s.call("f"); s.call("g") },
			func(s *sim) { s.leave(); s.leave(); s.call("g"); s.call("f") },
			func(s *sim) { s.leave(); s.leave(); s.call("f"); s.call("g") }},
		{"a thread takes the GIL, calls, and drops it", func(s *sim) { s.call("f"); s.drop() },
			func(s *sim) { s.take(); s.call("g") },
			func(s *sim) { s.leave(); s.drop() }},
		{"a thread wakes, calls, and sleeps", func(s *sim) { s.call("f"); s.sleep() },
			func(s *sim) { s.leave(); s.call("g") },
			func(s *sim) { s.leave(); s.call("f"); s.sleep() }},
	} {
		for kind, layout := range layouts {
			t.Run(c.name+"/"+kind, func(t *testing.T) {
				whole, runs := 0, 0
				for first := range 60 {
					for then := first; then < first+30; then++ {
						runs++
						if s := interleave(t, layout, c.set, c.first, c.then, first, then); s {
							whole++
						}
					}
				}
				if whole < runs/2 {
					t.Errorf("%d of %d are whole", whole, runs)
				}
			})
		}
	}
}

func interleave(t *testing.T, kind layout, set, first, then func(s *sim), at, later int) bool {
	s := newSim(kind)
	set(s)
	s.finish()
	s.truth = s.truth[len(s.truth)-1:]
	s.before = func() {
		if s.asked == at+1 {
			first(s)
			s.finish()
		}
		if s.asked == later+1 {
			then(s)
			s.finish()
		}
	}
	return s.check(t, fmt.Sprintf("at %d and %d", at, later))
}

// check reads the stack: if it is called whole, it was one.
func (s *sim) check(t *testing.T, when string) (whole bool) {
	t.Helper()
	s.asked = 0
	trace, err := s.process().TraceThread(Thread{Address: simState, TID: simTID}, simTID)
	whole = err == nil && !trace.Torn
	if whole && !s.was(names(trace)) {
		t.Fatalf("%s: %v never was, but last %v", when, names(trace), s.truth[max(0, len(s.truth)-8):])
	}
	return whole
}

// TestTraceRandom lets a thread run on while it is read, a few steps at a time.
func TestTraceRandom(t *testing.T) {
	for kind, layout := range layouts {
		t.Run(kind, func(t *testing.T) {
			whole, runs := 0, 5000
			for seed := range runs {
				r := rand.New(rand.NewPCG(uint64(seed), uint64(layout)))
				s := newSim(layout)
				pace, burst := r.IntN(100), 1+r.IntN(40)
				s.before = func() {
					for r.IntN(200) < pace {
						for range 1 + r.IntN(burst) {
							if len(s.steps) == 0 {
								s.plan(r)
							}
							s.step()
						}
					}
				}
				if s.check(t, fmt.Sprint("seed ", seed)) {
					whole++
				}
			}
			if t.Logf("%d of %d whole", whole, runs); whole == 0 || whole == runs {
				t.Errorf("%d of %d are whole", whole, runs)
			}
		})
	}
}

// plan chooses what the thread does next.
func (s *sim) plan(r *rand.Rand) {
	if s.othersGIL() {
		s.take()
		return
	}
	choice, depth := r.IntN(20), len(s.frames)
	name := simFunctions[1+r.IntN(3)]
	twice := slices.ContainsFunc(s.frames, func(f simFrame) bool { return f.function == name })
	switch {
	case choice == 0:
		s.drop()
	case choice == 1:
		s.sleep()
	case choice < 11 && depth < 8 && !twice || depth == 1:
		s.call(name)
	default:
		s.leave()
	}
}

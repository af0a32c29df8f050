package stack

import (
	"errors"
	"fmt"
)

// Trace is a thread's Python stack, the innermost frame first.
type Trace struct {
	Places []Place
	Torn   bool // the thread may have run while it was read, each time: frames may be missing or of another moment
	Cut    bool // there are more frames
}

// tries is how often a stack is read until it is proven whole.
const tries = 8

// Trace reads the stack of a thread state whose thread is not known: see
// TraceThread. It is torn if its thread was the last to have the GIL.
func (p *Process) Trace(state uint64) (Trace, error) {
	inner, err := p.ThreadTID(state)
	if err != nil {
		return Trace{}, fmt.Errorf("read a stack of process %d: %w", p.PID, err)
	}
	return p.TraceThread(Thread{Address: state, TID: inner}, 0)
}

// TraceThread reads a thread's stack. tid is the thread as this machine numbers
// it; 0: not known. The stack may be empty: the thread runs no Python. It is
// whole only if the thread is proven not to have run Python while it was read.
// A thread that runs is read from the CPU that it runs on, for which it then
// has to wait: that is tried every other time. Of the last torn stack those
// frames are kept whose code is known, from the outermost on.
func (p *Process) TraceThread(t Thread, tid int) (Trace, error) {
	var best attempt
	var failed error
	for n := range tries {
		one := p.attempt(t, tid, n%2 == 1)
		if one.whole {
			return one.Trace, nil
		}
		if one.err != nil {
			failed = one.err
		}
		if len(one.Places) > 0 && (one.reached || !best.reached && len(one.Places) > len(best.Places)) {
			best = one
		}
		if one.hopeless && best.reached {
			break
		}
	}
	if len(best.Places) > 0 {
		return best.Trace, nil
	}
	if failed == nil || errors.Is(failed, ErrChanging) {
		return Trace{}, fmt.Errorf("%w: each of %d times", ErrChanging, tries)
	}
	return Trace{}, fmt.Errorf("read a stack of process %d: %w", p.PID, failed)
}

// attempt is one reading of a stack.
type attempt struct {
	Trace
	whole    bool
	reached  bool // it was read up to the outermost frame
	hopeless bool // the next will prove no more
	err      error
}

// attempt reads a stack, once; near: from the CPU of its thread, if that is
// possible.
func (p *Process) attempt(t Thread, tid int, near bool) (one attempt) {
	if near && tid > 0 {
		if cpu, err := p.machine.cpu(tid); err == nil && p.machine.on(cpu, func() { one = p.attemptOn(t, tid, cpu) }) == nil {
			return one
		}
	}
	return p.attemptOn(t, tid, noCPU)
}

func (p *Process) attemptOn(t Thread, tid, here int) attempt {
	e, err := p.observe(t, tid, here)
	if err != nil {
		return attempt{err: err}
	}
	frames, err := p.walk(t.Address, mostFrames)
	one := attempt{reached: err == nil, hopeless: tid <= 0 && e.none(), err: err}
	one.Cut = len(frames) == mostFrames
	if one.Places, err = p.Places(frames); err != nil {
		one.err = err
	}
	if one.whole = one.err == nil && e.holds(); one.whole {
		return one
	}
	if one.Torn = true; one.Places == nil {
		one.Places = p.known(frames)
	}
	return one
}

// known says where frames are, from the outermost on, up to the first whose
// code object is none any more.
func (p *Process) known(frames []Frame) []Place {
	for from := range frames {
		if places, err := p.Places(frames[from:]); err == nil {
			return places
		}
	}
	return nil
}

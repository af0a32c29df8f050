package live

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// Dump reads every thread's Python stack, and who has the GIL and who waits
// for it. It attaches nothing.
func Dump(pid int) (_ *collect.Dump, err error) {
	stat, err := proc.System().Stat(pid)
	if err != nil {
		return nil, err
	}
	command, err := proc.System().Command(pid)
	if err != nil {
		return nil, err
	}
	l, err := Locate(pid)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	at := codeType(l)
	if at == 0 {
		return nil, fmt.Errorf("process %d: where %s is mapped is not known", pid, l.Mapping.Path)
	}
	g := &gilProcess{memory: stack.New(pid, l.Python, at-l.Python.CodeType)}
	free, err := g.free()
	if err != nil && !errors.Is(err, errNotStarted) && !errors.Is(err, stack.ErrChanging) {
		return nil, err
	}
	d := &collect.Dump{
		Time: time.Now(), Host: proc.Hostname(), NoGIL: free,
		Process: &collect.Process{PID: pid, Start: stat.Start, Command: command, Python: l.Python.Version, Build: l.Python.Build()},
	}
	interpreters, err := g.memory.Interpreters()
	for range 3 { // they come and go
		if err == nil || errors.Is(err, proc.ErrNoProcess) {
			break
		}
		interpreters, err = g.memory.Interpreters()
	}
	if err != nil {
		return nil, err
	}
	slices.Reverse(interpreters) // the oldest first
	return d, g.dump(d, interpreters)
}

func (g *gilProcess) dump(d *collect.Dump, interpreters []stack.Interpreter) error {
	pid := g.memory.PID
	tids, err := proc.System().TIDs(pid)
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	gils := map[uint64]bool{}
	for _, i := range interpreters {
		states, err := g.memory.Threads(i)
		for range 3 {
			if err == nil || errors.Is(err, proc.ErrNoProcess) {
				break
			}
			states, err = g.memory.Threads(i)
		}
		if err != nil {
			return err
		}
		for _, state := range states {
			tid := g.outer(state.TID)
			one := g.dumpThread(i, state, tid)
			if !slices.Contains(tids, tid) {
				one.TID, one.Reason = 0, "its thread is not known: it has ended, or began just now"
			}
			seen[tid] = true
			d.Threads = append(d.Threads, one)
		}
		if i.GIL != 0 && !gils[i.GIL] && !d.NoGIL {
			gils[i.GIL] = true
			d.GILs = append(d.GILs, g.dumpGIL(i))
		}
	}
	for _, tid := range tids {
		if stat, err := proc.System().ThreadStat(pid, tid); err == nil && !seen[tid] {
			d.Threads = append(d.Threads, collect.DumpThread{TID: tid, Name: stat.Name, State: stateOf(stat.State), Interpreter: -1})
		}
	}
	slices.SortStableFunc(d.Threads, func(a, b collect.DumpThread) int { return a.TID - b.TID })
	for i := range d.Threads {
		for _, gil := range d.GILs {
			if t := &d.Threads[i]; gil.Holder != 0 && t.TID == gil.Holder && t.Interpreter >= 0 {
				t.HoldsGIL = true
			}
		}
	}
	return nil
}

func (g *gilProcess) dumpGIL(i stack.Interpreter) collect.DumpGIL {
	out := collect.DumpGIL{Interpreter: i.ID}
	now, err := g.memory.GIL(i.GIL)
	if err != nil {
		return out
	}
	out.Held, out.SwitchNumber = now.Locked, now.SwitchNumber
	if now.Locked {
		if tid, err := g.memory.ThreadTID(now.LastHolder); err == nil {
			out.Holder = g.outer(tid)
		}
	}
	return out
}

func (g *gilProcess) dumpThread(i stack.Interpreter, state stack.Thread, tid int) collect.DumpThread {
	out := collect.DumpThread{TID: tid, Interpreter: i.ID}
	if stat, err := proc.System().ThreadStat(g.memory.PID, tid); err == nil {
		out.Name, out.State = stat.Name, stateOf(stat.State)
	}
	out.WaitsForGIL = g.waits(tid, i.GIL)
	trace, err := g.memory.Trace(state.Address)
	if err != nil {
		out.Reason = err.Error()
		return out
	}
	out.Torn, out.Cut = trace.Torn, trace.Cut
	for _, p := range trace.Places {
		out.Stack = append(out.Stack, placeOf(p))
	}
	return out
}

// waits tells whether a thread sleeps on a GIL's condition variable or mutex.
func (g *gilProcess) waits(tid int, gil uint64) bool {
	number, address, ok, err := proc.System().Syscall(g.memory.PID, tid)
	o := &g.memory.Python.Offsets.GIL
	return err == nil && ok && gil != 0 && number == unix.SYS_FUTEX && address >= gil+uint64(o.Cond) && address < gil+uint64(o.SwitchCond)
}

// Stack is a thread's Python stack now; see collect.Stacks.
func (s *Source) Stack(pid, tid int) (*collect.DumpThread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.followed(pid)
	if s.closed || p == nil || p.gone != "" || p.gil == nil || p.gil.memory == nil {
		return nil, fmt.Errorf("the memory of process %d is not read", pid)
	}
	interpreters, err := p.gil.memory.Interpreters()
	if err != nil {
		return nil, err
	}
	for _, i := range interpreters {
		states, err := p.gil.memory.Threads(i)
		if err != nil {
			return nil, err
		}
		for _, state := range states {
			if p.gil.outer(state.TID) == tid {
				one := p.gil.dumpThread(i, state, tid)
				return &one, nil
			}
		}
	}
	return &collect.DumpThread{TID: tid, Interpreter: -1, Reason: "it is no Python thread, or has ended"}, nil
}

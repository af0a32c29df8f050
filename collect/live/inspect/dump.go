package inspect

import (
	"errors"
	"fmt"
	"slices"
	"time"

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
	at := CodeType(l)
	if at == 0 {
		return nil, fmt.Errorf("process %d: where %s is mapped is not known", pid, l.Mapping.Path)
	}
	m := NewMemory(pid, l.Python, at)
	free, err := m.Free()
	if err != nil && !errors.Is(err, ErrNotStarted) && !errors.Is(err, stack.ErrChanging) {
		return nil, err
	}
	d := &collect.Dump{
		Time: time.Now(), Host: proc.Hostname(), NoGIL: free,
		Process: &collect.Process{PID: pid, Start: stat.Start, Command: command, Python: l.Python.Version, Build: l.Python.Build()},
	}
	interpreters, err := m.Interpreters()
	for range 3 { // they come and go
		if err == nil || errors.Is(err, proc.ErrNoProcess) {
			break
		}
		interpreters, err = m.Interpreters()
	}
	if err != nil {
		return nil, err
	}
	slices.Reverse(interpreters) // the oldest first
	return d, m.dump(d, interpreters)
}

func (m *Memory) dump(d *collect.Dump, interpreters []stack.Interpreter) error {
	pid := m.PID
	tids, err := proc.System().TIDs(pid)
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	gils := map[uint64]int{}    // index in d.GILs
	users := map[uint64][]int{} // of a GIL: their indexes in d.Threads
	var at []uint64             // of each of d.Threads: its state
	for _, i := range interpreters {
		states, err := m.Threads(i)
		for range 3 {
			if err == nil || errors.Is(err, proc.ErrNoProcess) {
				break
			}
			states, err = m.Threads(i)
		}
		if err != nil {
			return err
		}
		for _, state := range states {
			tid := m.Outer(state.TID)
			one := m.thread(i, state, tid)
			if !slices.Contains(tids, tid) {
				one.TID, one.Reason = 0, "its thread is not known: it has ended, or began just now"
			}
			seen[tid] = true
			users[i.GIL] = append(users[i.GIL], len(d.Threads))
			at, d.Threads = append(at, state.Address), append(d.Threads, one)
		}
		if _, known := gils[i.GIL]; i.GIL != 0 && !known && !d.NoGIL {
			gils[i.GIL] = len(d.GILs)
			d.GILs = append(d.GILs, collect.DumpGIL{Interpreter: i.ID})
		}
	}
	for gil, i := range gils {
		for range 3 { // who holds it and who waits are not read at one instant
			if m.dumpGIL(gil, &d.GILs[i], d.Threads, users[gil], at) {
				break
			}
		}
	}
	for _, tid := range tids {
		if stat, err := proc.System().ThreadStat(pid, tid); err == nil && !seen[tid] {
			d.Threads = append(d.Threads, collect.DumpThread{TID: tid, Name: stat.Name, State: StateOf(stat.State), Interpreter: -1})
		}
	}
	slices.SortStableFunc(d.Threads, func(a, b collect.DumpThread) int { return a.TID - b.TID })
	return nil
}

// dumpGIL says who holds a GIL and who waits for it; false: it changed hands
// meanwhile, and nobody is said to hold it.
func (m *Memory) dumpGIL(gil uint64, out *collect.DumpGIL, threads []collect.DumpThread, users []int, at []uint64) bool {
	now, err := m.GIL(gil)
	if err != nil {
		return true
	}
	out.Held, out.SwitchNumber, out.Holder = now.Locked, now.SwitchNumber, 0
	holder := -1
	for _, i := range users {
		t := &threads[i]
		t.HoldsGIL, t.WaitsForGIL = false, m.Waits(t.TID, gil)
		if now.Locked && at[i] == now.LastHolder {
			holder = i
		}
	}
	if holder < 0 {
		return true
	}
	if threads[holder].WaitsForGIL {
		return false
	}
	threads[holder].HoldsGIL, out.Holder = true, threads[holder].TID
	return true
}

func (m *Memory) thread(i stack.Interpreter, state stack.Thread, tid int) collect.DumpThread {
	out := collect.DumpThread{TID: tid, Interpreter: i.ID}
	if stat, err := proc.System().ThreadStat(m.PID, tid); err == nil {
		out.Name, out.State = stat.Name, StateOf(stat.State)
	}
	trace, err := m.TraceThread(state, tid)
	if err != nil {
		out.Reason = err.Error()
		return out
	}
	out.Torn, out.Cut = trace.Torn, trace.Cut
	for _, p := range trace.Places {
		out.Stack = append(out.Stack, PlaceOf(p))
	}
	return out
}

// Stack is a thread's Python stack now.
func (m *Memory) Stack(tid int) (*collect.DumpThread, error) {
	interpreters, err := m.Interpreters()
	if err != nil {
		return nil, err
	}
	for _, i := range interpreters {
		states, err := m.Threads(i)
		if err != nil {
			return nil, err
		}
		for _, state := range states {
			if m.Outer(state.TID) == tid {
				one := m.thread(i, state, tid)
				one.WaitsForGIL = m.Waits(tid, i.GIL)
				return &one, nil
			}
		}
	}
	return &collect.DumpThread{TID: tid, Interpreter: -1, Reason: "it is no Python thread, or has ended"}, nil
}

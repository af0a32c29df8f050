package target

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/live/inspect"
	"pytop/collect/live/price"
	"pytop/collect/proc"
)

// WatchAsked begins to watch the processes that were asked for by their PID.
// Of several those that cannot be watched are listed with the reason.
func (s *Set) WatchAsked() error {
	var refused error
	for _, pid := range s.options.PIDs {
		err := s.watch(pid)
		if err == nil {
			continue
		}
		ancestor := s.options.Children && errors.Is(err, cpython.ErrNotPython)
		if len(s.options.PIDs) == 1 && !s.options.All && !ancestor {
			return err
		}
		if refused == nil {
			refused = err
		}
		s.list(pid, err, true).Ancestor = ancestor
	}
	if s.options.Children {
		if err := s.watchDescendants(); err != nil {
			return err
		}
	}
	if s.options.All || s.Countable() > 0 {
		return nil
	}
	return refused
}

// Countable is how many processes are watched that are not merely listed.
func (s *Set) Countable() (n int) {
	for _, p := range s.Order {
		if p.Build != nil && p.Refused == "" {
			n++
		}
	}
	return n
}

// watch begins to watch a process; nothing is attached yet.
func (s *Set) watch(pid int) error {
	w, err := proc.OpenWatch(pid)
	if err != nil {
		return err
	}
	p := &Process{Watch: w, Asked: true}
	if p.Image, err = proc.System().Image(pid); err == nil {
		err = s.describe(p, pid)
	}
	if err != nil {
		return errors.Join(inspect.WhenEnded(pid, err), w.Close())
	}
	s.add(p)
	return nil
}

func (s *Set) add(p *Process) {
	p.Since, p.Accounts = time.Now(), make([]price.Account, s.accounts)
	s.processes[p.Key], s.Order = p, append(s.Order, p)
}

// list shows a process that cannot be watched, and why.
func (s *Set) list(pid int, why error, asked bool) *Process {
	p := &Process{Asked: asked, Refused: why.Error(), Info: &collect.Process{PID: pid, Command: "?"}}
	stat, err := proc.System().Stat(pid)
	if err != nil {
		p.Gone, p.Refused = "is not there", "it is not watched: "+why.Error()
	} else {
		p.Key = bpf.ProcessKey{Pid: uint32(pid), Started: uint32(stat.StartTicks)}
		p.Info = inspect.ProcessOf(stat)
	}
	s.add(p)
	return p
}

// describe finds a process's CPython and what is known of it.
func (s *Set) describe(p *Process, pid int) error {
	stat, err := proc.System().Stat(pid)
	if err != nil {
		return err
	}
	b, codeType, err := s.Find(pid)
	if err != nil {
		return err
	}
	info := inspect.ProcessOf(stat)
	if err := inspect.Living(pid); err != nil {
		return err // its arguments are gone, and nothing can be attached to
	}
	p.CodeType, p.Build, p.Info = codeType, b, info
	p.Key = bpf.ProcessKey{Pid: uint32(pid), Started: uint32(stat.StartTicks)}
	p.Info.Python, p.Info.Build = b.Python.Version, b.Words()
	return nil
}

// Register tells the programs that a process is watched; fresh: they did not
// know it.
func (s *Set) Register(p *Process) (fresh bool, err error) {
	state := bpf.ProcessState{CodeType: p.CodeType, Flags: bpf.Counted, Build: p.Build.Number, Parent: uint32(p.Info.Parent)}
	if s.options.Children {
		state.Flags |= bpf.Family
	}
	return s.insert(p.Key, &state)
}

// insert gives the programs a process's state, if they have none.
func (s *Set) insert(key bpf.ProcessKey, state *bpf.ProcessState) (fresh bool, err error) {
	err = s.Maps.Processes.Update(&key, state, ebpf.UpdateNoExist)
	if errors.Is(err, ebpf.ErrKeyExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("register process %d: %w", key.Pid, err)
	}
	return true, nil
}

// SomeLive is an error when all that was to be watched ended meanwhile.
func (s *Set) SomeLive() error {
	var ended error
	if s.options.All {
		return nil // others will come
	}
	for _, p := range s.Order {
		if ended = inspect.WhenEnded(p.Info.PID, errEnded); ended == errEnded { //nolint:errorlint // that very one
			return nil
		}
	}
	return ended
}

var errEnded = errors.New("ended")

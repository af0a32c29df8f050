package target

import (
	"os"
	"time"

	"pytop/bpf"
	"pytop/collect/proc"
)

// watchDescendants begins to watch those that descend from the processes that
// were asked for. Each is registered before it is looked for others: what it
// forks from then on the kernel registers, and what it forked before is there
// to be found.
func (s *Set) watchDescendants() error {
	for _, p := range s.Order {
		if p.Gone != "" || p.Build == nil && !p.Ancestor {
			continue
		}
		if _, err := s.enter(p.Key, p.Info.Parent); err != nil {
			return err
		}
	}
	for fresh := 1; fresh > 0; {
		var err error
		if fresh, err = s.descend(); err != nil {
			return err
		}
	}
	return nil
}

// enter registers a process whose descendants are watched; fresh: it was not.
// What is no CPython, or not yet, is registered as the kernel does it with what
// it sees fork: where that tells nothing, nothing would tell its end.
func (s *Set) enter(key bpf.ProcessKey, parent int) (fresh bool, err error) {
	if p := s.processes[key]; p != nil && p.Build != nil {
		return s.Register(p)
	}
	if s.following.why != nil {
		return false, nil
	}
	return s.insert(key, &bpf.ProcessState{Flags: bpf.Counted | bpf.Family | bpf.ByKernel, Parent: uint32(parent)})
}

// descend looks through /proc for what descends from processes that are watched
// and is not known. fresh is how many the kernel did not know either.
func (s *Set) descend() (fresh int, err error) {
	pids, err := proc.System().Processes()
	if err != nil {
		return 0, err
	}
	family := map[int]bool{}
	for _, p := range s.Order {
		family[p.Info.PID] = p.Gone == ""
	}
	var others []proc.Stat
	for _, pid := range pids {
		if stat, err := proc.System().Stat(pid); err == nil && !stat.Kernel && !stat.Ended() {
			others = append(others, stat)
		}
	}
	own := forebears()
	for more := true; more; { // a child may have a lower PID than its parent
		more = false
		for _, stat := range others {
			if family[stat.PID] || !family[stat.Parent] {
				continue
			}
			family[stat.PID], more = true, true
			if own[stat.PID] {
				continue // it would be waited for, and waits for pytop
			}
			_ = s.consider(stat, time.Time{})
			isNew, err := s.enter(bpf.ProcessKey{Pid: uint32(stat.PID), Started: uint32(stat.StartTicks)}, stat.Parent)
			if err != nil {
				return fresh, err
			}
			if isNew {
				fresh++
			}
		}
	}
	return fresh, nil
}

// forebears are pytop itself, what started it, and so on.
func forebears() map[int]bool {
	list := map[int]bool{}
	for pid := os.Getpid(); pid > 0 && !list[pid]; {
		list[pid] = true
		stat, err := proc.System().Stat(pid)
		if err != nil {
			break
		}
		pid = stat.Parent
	}
	return list
}

// runs tells whether a process that the kernel told of is there still.
func runs(key bpf.ProcessKey) bool {
	stat, err := proc.System().Stat(int(key.Pid))
	return err == nil && uint32(stat.StartTicks) == key.Started && !stat.Ended()
}

// CountUnwatched counts the children that a process has when pytop begins, that
// run its program, as workers do, and are not watched.
func (s *Set) CountUnwatched() {
	if s.options.Children || s.options.All || s.options.FromStart {
		return
	}
	pids, err := proc.System().Processes()
	if err != nil {
		return
	}
	byPID := map[int]*Process{}
	for _, p := range s.Order {
		if p.Build != nil {
			byPID[p.Info.PID] = p
		}
	}
	for _, pid := range pids {
		stat, err := proc.System().Stat(pid)
		p := byPID[stat.Parent]
		if err != nil || p == nil || byPID[pid] != nil || stat.Ended() {
			continue
		}
		image, err := proc.System().Image(pid)
		if err == nil && image.Dev == p.Image.Dev && image.Inode == p.Image.Inode {
			p.unwatched = append(p.unwatched, bpf.ProcessKey{Pid: uint32(pid), Started: uint32(stat.StartTicks)})
		}
	}
}

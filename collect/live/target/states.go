package target

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
)

// ReadStates reads what the programs know of processes. Those that they have
// registered and that called something are watched from now on; what is left
// of others that have ended is returned.
func (s *Set) ReadStates() (unknown []bpf.ProcessKey, err error) {
	const batch = 1024
	f := &s.following
	f.living, f.missed = 0, s.readMissed(bpf.MissedProcesses)
	payers := map[int]int{}
	keys, states := make([]bpf.ProcessKey, batch), make([]bpf.ProcessState, batch)
	var cursor ebpf.MapBatchCursor
	for done := false; !done; {
		n, err := s.Maps.Processes.BatchLookup(&cursor, keys, states, nil)
		if done, err = kernelmap.BatchEnded(err); err != nil {
			return nil, fmt.Errorf("read the states of processes: %w", err)
		}
		for i := range n {
			key, state := keys[i], &states[i]
			p := s.processes[key]
			switch {
			case state.Flags&bpf.Pays != 0:
				payers[int(state.Parent)]++
			case p != nil:
				p.State = *state
				if p.Watch == nil && p.Gone == "" && state.Flags&bpf.Ended != 0 {
					s.End(p)
				}
			case state.Build != 0 && state.Flags&bpf.Execed == 0:
				s.adopt(key, state)
			case state.Flags&bpf.Ended != 0 || !runs(key):
				unknown = append(unknown, key)
			default:
				f.living++
			}
		}
	}
	for _, p := range s.Order {
		p.Payers, p.late = payers[p.Info.PID], false
		p.unwatched = slices.DeleteFunc(p.unwatched, func(key bpf.ProcessKey) bool { return !runs(key) })
	}
	return unknown, nil
}

// ForgetUnknown deletes what is left of processes that have ended and, as the
// maps show, called nothing.
func (s *Set) ForgetUnknown(unknown []bpf.ProcessKey) error {
	var errs []error
	for _, key := range unknown {
		if s.processes[key] == nil {
			var state bpf.ProcessState
			if s.Maps.Processes.Lookup(&key, &state) == nil && s.unseen(key, &state) {
				s.following.unseen++
			}
			errs = append(errs, s.deleteState(key))
		}
	}
	return errors.Join(errs...)
}

func (s *Set) deleteState(key bpf.ProcessKey) error {
	delete(s.following.looked, key)
	if err := s.Maps.Processes.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("forget process %d: %w", key.Pid, err)
	}
	return nil
}

// Of is the process that was counted; nil: it was dropped before.
func (s *Set) Of(key bpf.ProcessKey) *Process {
	if p := s.processes[key]; p != nil {
		return p
	}
	var state bpf.ProcessState
	if s.Maps.Processes.Lookup(&key, &state) != nil {
		return nil
	}
	p := s.adopt(key, &state)
	p.late = true
	return p
}

// adopt watches a process that the programs have registered. It may have ended.
func (s *Set) adopt(key bpf.ProcessKey, state *bpf.ProcessState) *Process {
	pid := int(key.Pid)
	p := &Process{Key: key, State: *state}
	p.Execs = state.Execs
	if state.Flags&bpf.Execed != 0 {
		p.Execs-- // into the last it was not looked yet
	}
	p.Build = s.numbered(state.Build)
	p.Info = &collect.Process{PID: pid, Start: proc.System().StartTime(uint64(key.Started)), Command: commandOf(state)}
	if stat, err := proc.System().Stat(pid); err == nil && uint32(stat.StartTicks) == key.Started {
		p.Info = inspect.ProcessOf(stat)
		p.Image = s.imageOf(key, state)
	}
	if state.Parent != 0 {
		p.Info.Parent = int(state.Parent)
	}
	if state.Flags&bpf.Ended != 0 {
		s.End(p)
	}
	s.add(p)
	if p.Build == nil {
		p.Refused = "it is not known which file it runs"
		return p
	}
	p.Info.Python, p.Info.Build = p.Build.Python.Version, p.Build.Words()
	s.probes.Adopted(p)
	return p
}

// imageOf is which program it is that a state was read of; zero: it may run
// another by now, or did when the state was read.
func (s *Set) imageOf(key bpf.ProcessKey, state *bpf.ProcessState) proc.Image {
	image, err := proc.System().Image(int(key.Pid))
	var now bpf.ProcessState
	if err != nil || s.Maps.Processes.Lookup(&key, &now) != nil || now.Execs != state.Execs || now.Flags&bpf.Execed != 0 {
		return proc.Image{}
	}
	return image
}

// commandOf is a process's arguments as the programs have read them.
func commandOf(state *bpf.ProcessState) string {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&state.Command[0])), len(state.Command))
	text := string(bytes.ReplaceAll(bytes.TrimRight(raw, "\x00"), []byte{0}, []byte(" ")))
	if len(text) >= len(raw)-1 {
		text += "…"
	}
	if text == "" {
		return "?"
	}
	return text
}

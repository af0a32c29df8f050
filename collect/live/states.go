package live

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
)

// readStates reads what the programs know of processes. Those that they have
// registered and that called something are watched from now on; what is left
// of others that have ended is returned.
func (s *Source) readStates() (unknown []bpf.ProcessKey, err error) {
	const batch = 1024
	f := &s.following
	f.living, f.missed = 0, s.readMissed(bpf.MissedProcesses)
	payers := map[int]int{}
	keys, states := make([]bpf.ProcessKey, batch), make([]bpf.ProcessState, batch)
	var cursor ebpf.MapBatchCursor
	for done := false; !done; {
		n, err := s.maps.Processes.BatchLookup(&cursor, keys, states, nil)
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
				p.state = *state
				if p.watch == nil && p.gone == "" && state.Flags&bpf.Ended != 0 {
					s.end(p)
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
	for _, p := range s.order {
		p.payers = payers[p.info.PID]
		p.unwatched = slices.DeleteFunc(p.unwatched, func(key bpf.ProcessKey) bool { return !runs(key) })
	}
	return unknown, nil
}

// forgetUnknown deletes what is left of processes that have ended and, as the
// maps show, called nothing.
func (s *Source) forgetUnknown(unknown []bpf.ProcessKey) error {
	var errs []error
	for _, key := range unknown {
		if s.processes[key] == nil {
			var state bpf.ProcessState
			if s.maps.Processes.Lookup(&key, &state) == nil && s.unseen(key, &state) {
				s.following.unseen++
			}
			errs = append(errs, s.deleteState(key))
		}
	}
	return errors.Join(errs...)
}

func (s *Source) deleteState(key bpf.ProcessKey) error {
	delete(s.following.looked, key)
	if err := s.maps.Processes.Delete(&key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("forget process %d: %w", key.Pid, err)
	}
	return nil
}

// processOf is the process that was counted; nil: it was dropped before.
func (s *Source) processOf(n *bpf.CallCount) *process {
	key := bpf.ProcessKey{Pid: n.Pid, Started: n.Started}
	if p := s.processes[key]; p != nil {
		return p
	}
	var state bpf.ProcessState
	if s.maps.Processes.Lookup(&key, &state) != nil {
		return nil
	}
	return s.adopt(key, &state)
}

// adopt watches a process that the programs have registered. It may have ended.
func (s *Source) adopt(key bpf.ProcessKey, state *bpf.ProcessState) *process {
	pid := int(key.Pid)
	p := &process{key: key, state: *state, execs: state.Execs, mark: mark{at: time.Now()}, uncounted: s.options.NoCalls}
	if state.Flags&bpf.Execed != 0 {
		p.execs-- // into the last it was not looked yet
	}
	p.build = s.numbered(state.Build)
	p.info = &collect.Process{PID: pid, Start: proc.System().StartTime(uint64(key.Started)), Command: commandOf(state)}
	if stat, err := proc.System().Stat(pid); err == nil && uint32(stat.StartTicks) == key.Started {
		p.info = about(stat)
		p.image = s.imageOf(key, state)
	}
	if state.Parent != 0 {
		p.info.Parent = int(state.Parent)
	}
	if state.Flags&bpf.Ended != 0 {
		s.end(p)
	}
	s.add(p)
	if p.build == nil {
		p.failed, p.reason = true, "it is not known which file it runs"
		return p
	}
	p.info.Python, p.info.Build = p.build.python.Version, p.build.words()
	switch {
	case p.build.shared != nil:
		p.links, p.attached = p.build.shared, later(p.build.sharedAt, p.info.Start)
		s.noteLate(p, p.info.Start)
	case s.brake != "":
		p.braked, p.reason = true, s.brake
	case p.build.split && !p.uncounted:
		err := error(proc.ErrNoProcess)
		if p.gone == "" {
			err = s.attach(p, false)
		}
		if errors.Is(err, proc.ErrNoProcess) {
			err = errUnattached
			s.following.unattached++
		}
		if err != nil {
			s.fail(p, err)
			break
		}
		p.note = "its calls before " + p.attached.Format("15:04:05.000") + ", when it was noticed, are not counted"
	}
	return p
}

// errUnattached is why the calls of a process are not counted whose file has
// no breakpoints for all, and that ended before it had its own.
var errUnattached = errors.New("it ended before it was attached to: the breakpoints of its file are shared no more, since counting one of its processes took more than the budget (--budget)")

// imageOf is which program it is that a state was read of; zero: it may run
// another by now, or did when the state was read.
func (s *Source) imageOf(key bpf.ProcessKey, state *bpf.ProcessState) proc.Image {
	image, err := proc.System().Image(int(key.Pid))
	var now bpf.ProcessState
	if err != nil || s.maps.Processes.Lookup(&key, &now) != nil || now.Execs != state.Execs || now.Flags&bpf.Execed != 0 {
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

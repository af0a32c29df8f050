package target

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/ringbuf"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
)

// following is how processes are noticed that come and go.
type following struct {
	programs *bpf.Follower
	why      error // why there are none: /proc is looked through each second
	ring     *ringbuf.Reader
	done     sync.WaitGroup
	living   int    // descendants that run, but no Python (yet)
	missed   uint64 // processes for which the map had no room
	untold   uint64 // forks, execs and ends for which the kernel ran no program
	execs    uint64 // execs that could not be told

	looked map[bpf.ProcessKey]uint32 // how often those had exec'd that were found to run no CPython
	unseen int                       // processes that exec'd and ended before it was known what they ran
}

// execPatience is how long it is looked for a CPython in a program that was
// started: its libraries are loaded a moment after.
const execPatience = 2 * time.Second

// Follow attaches what notices forks, execs and ends, before anything is
// watched, so that none is missed.
func (s *Set) Follow() {
	f := &s.following
	f.looked = map[bpf.ProcessKey]uint32{}
	if s.options.Unfollowed {
		f.why = errors.ErrUnsupported
		return
	}
	if f.programs, f.why = bpf.OpenFollower(s.Maps, s.Machine); f.why != nil {
		return
	}
	if f.ring, f.why = ringbuf.NewReader(s.Maps.Events); f.why != nil {
		_ = f.programs.Close() // f.why says what is wrong
		f.programs = nil
	}
}

// begin starts to take in what the kernel tells.
func (f *following) begin(s *Set) {
	if f.ring != nil {
		f.done.Go(func() { f.listen(s) })
	}
}

func (f *following) close() error {
	var errs []error
	if f.programs != nil {
		errs = append(errs, f.programs.Close(), f.ring.Close())
	}
	f.done.Wait()
	f.programs, f.ring = nil, nil
	return errors.Join(errs...)
}

// listen takes in execs. What was exec'd is looked into at once, and again
// until its CPython is loaded or patience is over.
func (f *following) listen(s *Set) {
	const again, gather = 20 * time.Millisecond, 2 * time.Millisecond
	pending := map[bpf.ProcessKey]*execed{}
	var record ringbuf.Record
	for {
		if len(pending) > 0 {
			f.ring.SetDeadline(time.Now().Add(again))
		} else {
			f.ring.SetDeadline(time.Time{})
		}
		for {
			err := f.ring.ReadInto(&record)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil { // closed
				return
			}
			if len(record.RawSample) >= int(unsafe.Sizeof(bpf.Event{})) {
				e := (*bpf.Event)(unsafe.Pointer(&record.RawSample[0]))
				now := time.Now()
				pending[bpf.ProcessKey{Pid: e.Pid, Started: e.Started}] = &execed{at: now.Add(-time.Duration(kernelmap.Less(kernelmap.Now(), e.At))), until: now.Add(execPatience)}
			}
			f.ring.SetDeadline(time.Now().Add(gather))
		}
		s.Lock.Lock()
		if s.closed {
			s.Lock.Unlock()
			return
		}
		maps.DeleteFunc(pending, func(key bpf.ProcessKey, e *execed) bool {
			return s.lookInto(key, e) || time.Now().After(e.until)
		})
		s.Lock.Unlock()
	}
}

// execed is a process that exec'd, and until when it is looked into.
type execed struct {
	at, until time.Time
	looked    bool // it ran no CPython, or not yet
}

// lookInto finds out what a process runs that has exec'd; false: it is no
// Python yet.
func (s *Set) lookInto(key bpf.ProcessKey, e *execed) bool {
	if p := s.processes[key]; p != nil {
		if p.Gone == "" {
			_ = s.Maps.Processes.Lookup(&key, &p.State) // while it is braked it may not be there
			s.noteExec(p, e.at)
		}
		return p.ExecSeen.IsZero()
	}
	var state bpf.ProcessState
	known := s.Maps.Processes.Lookup(&key, &state) == nil
	stat, err := proc.System().Stat(int(key.Pid))
	if err == nil && (uint32(stat.StartTicks) != key.Started || stat.Ended()) {
		err = proc.ErrNoProcess
	}
	if err == nil {
		err = s.consider(stat, e.at)
	}
	switch {
	case errors.Is(err, cpython.ErrNotPython):
		e.looked = true
		if known {
			s.following.looked[key] = state.Execs
		}
		return false
	case errors.Is(err, proc.ErrNoProcess) && !known && !e.looked && s.options.All && !s.Ended.has(key):
		s.following.unseen++ // of others the state tells, when it is forgotten
	}
	return true
}

// unseen tells whether a process that has ended exec'd something that it was
// never known to be. What calls is known by that.
func (s *Set) unseen(key bpf.ProcessKey, state *bpf.ProcessState) bool {
	return state.Flags&bpf.Execed != 0 && s.following.looked[key] != state.Execs
}

// consider begins to watch a process if it is a CPython, and lists it if that
// cannot be counted.
func (s *Set) consider(stat proc.Stat, at time.Time) error {
	key := bpf.ProcessKey{Pid: uint32(stat.PID), Started: uint32(stat.StartTicks)}
	if stat.Kernel || stat.Ended() || stat.PID == os.Getpid() || s.processes[key] != nil {
		return nil
	}
	p := &Process{}
	if s.Maps.Processes.Lookup(&key, &p.State) == nil {
		p.Execs = p.State.Execs
	}
	p.Image, _ = proc.System().Image(stat.PID)
	err := inspect.WhenEnded(stat.PID, s.describe(p, stat.PID))
	switch {
	case errors.Is(err, cpython.ErrNotPython), errors.Is(err, proc.ErrNoProcess):
		return err
	case errors.Is(err, fs.ErrPermission) && !strings.HasPrefix(stat.Name, "python"):
		return nil // nothing says that it is one
	case err != nil:
		s.list(stat.PID, err, false)
		return nil
	}
	if p.Key != key {
		return nil // another process has its number now
	}
	s.add(p)
	if !s.Begun.IsZero() { // else it is attached to with the others
		s.probes.Came(p, at)
	}
	return nil
}

// WatchRunning begins to watch every CPython that runs.
func (s *Set) WatchRunning() {
	pids, err := proc.System().Processes()
	if err != nil {
		return // those that call something are noticed by that
	}
	for _, pid := range pids {
		if stat, err := proc.System().Stat(pid); err == nil {
			_ = s.consider(stat, time.Time{}) // no Python
		}
	}
}

// Scan looks through /proc for what the kernel could not tell.
func (s *Set) Scan() {
	f := &s.following
	if f.programs != nil {
		f.untold = f.programs.Untold()
	}
	n := s.readMissed(bpf.MissedExecs) + f.untold
	if f.why == nil && n == f.execs || !s.options.All && !s.options.Children {
		return
	}
	f.execs = n
	if s.options.All {
		s.WatchRunning()
		return
	}
	_, _ = s.descend() // those that call something are noticed by that
}

func (s *Set) readMissed(what uint32) (n uint64) {
	_ = s.Maps.Missed.Lookup(&what, &n) // an array's element is always there
	return n
}

// Words is what is weaker than it could be in how processes are noticed.
func (s *Set) Words() (list []string) {
	f := &s.following
	if f.why != nil {
		list = append(list, fmt.Sprintf("forks, execs and ends are looked for once a second: %v", f.why))
	}
	if f.untold > 0 {
		list = append(list, fmt.Sprintf("the kernel did not tell %d forks, execs or ends of processes; /proc was looked through then", f.untold))
	}
	if s.Unattached > 0 {
		list = append(list, fmt.Sprintf("%d processes ended before they were attached to, since the breakpoints of their file are shared no more: their calls are not counted", s.Unattached))
	}
	if f.unseen > 0 {
		list = append(list, fmt.Sprintf("%d processes exec'd and ended before it was known what they ran: if they were CPythons of a file that was not attached to, their calls are not counted", f.unseen))
	}
	for _, p := range s.Order {
		if p.Wraps() {
			list = append(list, fmt.Sprintf("%s: what descends from it is watched", p.Refused))
		}
	}
	return list
}

// awaitChildren returns when no descendant is left; false: stop was closed.
func (s *Set) awaitChildren(stop <-chan struct{}) bool {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		s.Lock.Lock()
		if s.closed {
			s.Lock.Unlock()
			return false
		}
		_, err := s.ReadStates()
		living := s.following.living
		for _, p := range s.Order {
			if p.Gone == "" && p.Watch == nil && (p.Build != nil || p.Ancestor) && p.State.Flags&bpf.Ended == 0 && runs(p.Key) {
				living++
			}
		}
		s.Lock.Unlock()
		if err == nil && living == 0 {
			return true
		}
		select {
		case <-stop:
			return false
		case <-tick.C:
		}
	}
}

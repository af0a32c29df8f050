// Package target finds the processes that are watched and follows them: their
// forks, execs and ends, and the files that they run.
package target

import (
	"errors"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// Options say which processes are watched.
type Options struct {
	PIDs      []int
	Children  bool // and what descends from them: what they have forked, and what they fork and exec
	All       bool // every CPython that pytop can see, also those that start later
	FromStart bool // the processes have not run Python code yet
	Cache     site.Cache
	// For tests: as if the kernel could not tell of forks, execs and ends; and
	// what leaves out sites that count, as if they had not been found.
	Unfollowed bool
	Without    func([]site.Site) []site.Site
}

// Host is what a Set needs of the source that it is in.
type Host struct {
	Maps    *bpf.Maps
	Machine bpf.Machine
	Lock    sync.Locker  // guards the Set, its processes and its builds
	Beside  func(func()) // does what takes a while; its end is waited for
}

// Probes is what measures the processes, together. All of it is called under
// the lock.
type Probes interface {
	Prepare(b *Build) error             // loads what is needed for a file; an error: its processes cannot be watched
	Came(p *Process, at time.Time)      // p was found after watching had begun; it may have begun to run its program as late as at
	Adopted(p *Process)                 // p was registered by the programs, as it called something; it may have ended
	Leaves(p *Process)                  // p has exec'd: before it is known what
	LostProbes(p *Process) bool         // an exec took the probes of p away
	Execed(p *Process, e Exec)          // p runs something else
	Ended(p *Process)                   // nothing goes on in p
	Lingers(p *Process) bool            // the kernel may still write what p did
	Drop(ended map[*Process]bool) error // forgets processes; true: something was measured of it
	Shares(b *Build) bool               // something is attached to the file for all processes
	Unshare(b *Build) []func() error    // detaches that; what it returns waits for the kernel, without the lock
	Release(b *Build) []func() error    // gives up what Prepare loaded; what it returns frees it, without the lock
	Poll() error
	// ReadProcess is all that is known of a process; measured: something was.
	ReadProcess(p *Process) (r collect.ProcessReading, measured bool)
}

// Set is the processes that are watched.
type Set struct {
	Host
	*Files
	options Options
	probes  Probes

	Order      []*Process // as asked for, then as they came
	Ended      Ended
	Begun      time.Time // since when counting is ready; zero: it is not
	Unattached int       // processes that ended before they were attached to
	processes  map[bpf.ProcessKey]*Process
	following  following
	accounts   int // kinds of probes, each of which has one of a process
	closed     bool
}

// New makes an empty set; accounts is how many kinds of probes there are.
func New(o Options, h Host, p Probes, accounts int) *Set {
	s := &Set{Host: h, options: o, probes: p, processes: map[bpf.ProcessKey]*Process{}, accounts: accounts}
	s.Files = &Files{set: s, known: verdicts{}}
	return s
}

// Begin starts to take in what the kernel tells; counting is ready.
func (s *Set) Begin() { s.following.begin(s) }

// Process finds a process that is watched by its key; nil: it is not.
func (s *Set) Process(key bpf.ProcessKey) *Process { return s.processes[key] }

// ByPID finds a living process that is watched; nil: there is none.
func (s *Set) ByPID(pid int) *Process {
	for _, p := range s.Order {
		if p.Info.PID == pid && p.Gone == "" {
			return p
		}
	}
	return nil
}

// Followed tells whether the kernel tells of forks, execs and ends.
func (s *Set) Followed() bool { return s.following.why == nil }

// Missed is how many processes were not watched, since the map had no room.
func (s *Set) Missed() uint64 { return s.following.missed }

// Living is how many processes are there that are watched, or may be.
func (s *Set) Living() int {
	living := s.following.living
	for _, p := range s.Order {
		if (p.Gone == "" || p.late) && (p.Build != nil || p.Ancestor) {
			living++
		}
	}
	return living
}

// AwaitEnds returns when every process has ended, or false when stop was closed.
func (s *Set) AwaitEnds(stop <-chan struct{}) bool {
	if s.options.All {
		return false // there is always a next one
	}
	s.Lock.Lock()
	var asked []*proc.Watch
	for _, p := range s.Order {
		if p.Watch != nil {
			asked = append(asked, p.Watch)
		}
	}
	s.Lock.Unlock()
	for _, w := range asked {
		select {
		case <-stop:
			return false
		case <-w.Ended():
		}
	}
	return !s.options.Children || s.awaitChildren(stop)
}

// Stop ends following processes; nothing is taken in from now on. Under the lock.
func (s *Set) Stop() { s.closed = true }

// Close frees what is held of processes and files. Nothing is attached any more,
// and the lock is not held.
func (s *Set) Close() error {
	errs := []error{s.following.close()}
	for _, p := range s.Order {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// CloseBuilds closes the files, after all that used them has ended.
func (s *Set) CloseBuilds() error {
	var errs []error
	for _, b := range s.Builds {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}

// Package live is the source that is the kernel: it follows the processes that
// are watched, and lets each probe of its registry measure them.
package live

import (
	"errors"
	"slices"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/attach"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/site"
)

// Options say what to watch and how.
type Options struct {
	PIDs      []int
	Children  bool     // and what descends from them: what they have forked, and what they fork and exec
	All       bool     // every CPython that pytop can see, also those that start later
	Functions uint32   // live functions that the maps hold; 0: bpf.DefaultFunctions
	Budget    float64  // share of a target's CPU time above which pytop detaches by itself; 0: no limit
	Probes    []string // names of collect.Kinds that are measured; nil: those that are by default
	// FromStart: the processes have not run Python code yet; all that is
	// counted from attaching on is theirs to show, and there is no trial.
	FromStart bool
	Cache     site.Cache // of what was found in files; the zero value keeps nothing
	Tests     probe.Tests
}

// UserCache is where what was found in files is kept for the user.
func UserCache() site.Cache { return site.DefaultCache() }

// Source measures processes. It is a collect.Source with collect.Controls and
// collect.Stacks.
type Source struct {
	options Options
	host    string
	maps    *bpf.Maps
	links   attach.Owner // with a lock of its own

	mu      sync.Mutex // guards all below, and all that probes and targets hold
	targets *target.Set
	probes  probes
	shared  probe.Shared

	ended   chan struct{} // closed when every process has ended
	stop    chan struct{}
	stopped sync.WaitGroup
}

// Open attaches to the processes; when it returns, counting has begun. Nothing
// is left attached when it returns an error.
func Open(o Options) (_ *Source, err error) {
	s, err := newSource(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.targets.Follow()
	if err := s.targets.WatchAsked(); err != nil {
		return nil, err
	}
	if o.All {
		s.targets.WatchRunning()
	}
	for _, one := range s.probes.list {
		if err := s.attachAsked(one.Probe); err != nil {
			return nil, err
		}
		if err := s.trial(one.Probe); err != nil {
			return nil, err
		}
	}
	if err := s.targets.SomeLive(); err != nil {
		return nil, err
	}
	s.targets.CountUnwatched()
	if err := s.ready(); err != nil {
		return nil, err
	}
	s.begin()
	return s, nil
}

// beside does what takes a while, and is waited for when the source is closed.
func (s *Source) beside(f func()) { s.stopped.Go(f) }

// Ended is closed when every process has ended.
func (s *Source) Ended() <-chan struct{} { return s.ended }

var errClosed = errors.New("the source is closed")

// Detach takes every probe away; it may be put back by Attach.
func (s *Source) Detach(why string) error {
	if !s.lockWithin(patience) {
		_ = s.links.CloseAll(false) // what is said of them follows
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	s.shared.Brake = why
	var away []*target.Process
	for _, p := range s.targets.Order {
		if p.Gone == "" && p.Build != nil && p.Left == "" {
			away = append(away, p)
		}
	}
	var errs []error
	for _, one := range slices.Backward(s.probes.list) {
		errs = append(errs, one.Detach(why, away...))
	}
	return errors.Join(errs...)
}

// Attach puts the probes back; into processes whose calls cost more than the
// budget only with force.
func (s *Source) Attach(force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared.Closed {
		return errClosed
	}
	s.targets.NoteEnds(s.shared.Polled)
	s.shared.Brake = ""
	var errs []error
	for _, one := range s.probes.list {
		for _, p := range s.targets.Order {
			errs = append(errs, one.Attach(p, force))
		}
	}
	return errors.Join(errs...)
}

// Focus counts one function by thread from now on; 0 ends it. While nothing is
// focused it costs the target nothing.
func (s *Source) Focus(code uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared.Closed {
		return errClosed
	}
	for _, one := range s.probes.list {
		if f, ok := one.Probe.(probe.Focuser); ok {
			return f.Focus(code)
		}
	}
	return errors.ErrUnsupported
}

// Stack is a thread's Python stack now; see collect.Stacks.
func (s *Source) Stack(pid, tid int) (*collect.DumpThread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared.Closed {
		return nil, errClosed
	}
	return s.probes.stack(s.targets.ByPID(pid), pid, tid)
}

// patience is how long detaching waits for who has the lock: what a target never
// answers may hold it.
const patience = 400 * time.Millisecond

// lastPatience is how long it is waited then for who has the lock, so that the
// maps are freed, too.
const lastPatience = 3 * time.Second

// lockWithin takes the lock; false: it could not be had for so long. It queues for
// it: who only tries now and then may never have it while others read.
func (s *Source) lockWithin(patience time.Duration) bool {
	got, late := make(chan struct{}), make(chan struct{})
	go func() {
		s.mu.Lock()
		select {
		case got <- struct{}{}:
		case <-late:
			s.mu.Unlock()
		}
	}()
	select {
	case <-got:
		return true
	case <-time.After(patience):
		close(late)
		return false
	}
}

// errStuck is why the maps are not freed: the process's end does it.
var errStuck = errors.New("something that is watched does not answer; its probes were taken out")

// Close detaches everything and frees the maps. Where something that is watched
// never answers, it only detaches.
func (s *Source) Close() error {
	if !s.lockWithin(patience) {
		if err := s.links.CloseAll(true); err != nil {
			return err
		}
		if !s.lockWithin(lastPatience) {
			return errStuck
		}
	}
	if s.shared.Closed {
		s.mu.Unlock()
		return nil
	}
	s.shared.Closed = true
	errs := []error{s.probes.each(probe.Probe.Shut)} // first of all, and whatever else goes wrong
	if s.targets != nil {
		s.targets.Stop()
	}
	s.mu.Unlock()
	return errors.Join(append(errs, s.halt(), s.free())...)
}

// halt ends what goes on beside; the lock is not held.
func (s *Source) halt() (err error) {
	close(s.stop)
	if s.targets != nil {
		err = s.targets.Close()
	}
	s.stopped.Wait()
	return err
}

// free gives up all that is held when nothing is attached and nothing goes on.
func (s *Source) free() error {
	var errs []error
	for _, one := range slices.Backward(s.probes.list) {
		errs = append(errs, one.Close())
	}
	if s.targets != nil {
		errs = append(errs, s.targets.CloseBuilds())
	}
	if s.maps != nil {
		errs = append(errs, s.maps.Close())
	}
	return errors.Join(errs...)
}

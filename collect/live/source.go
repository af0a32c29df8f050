// Package live is the source that is the kernel: it finds the CPython in a
// process, attaches, and polls what the kernel counted.
package live

import (
	"errors"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// Options say what to watch and how.
type Options struct {
	PIDs      []int
	Children  bool    // and what descends from them: what they have forked, and what they fork and exec
	All       bool    // every CPython that pytop can see, also those that start later
	Functions uint32  // live functions that the maps hold; 0: bpf.DefaultFunctions
	Budget    float64 // share of a target's CPU time above which pytop detaches by itself; 0: no limit
	// FromStart: the processes have not run Python code yet; all that is
	// counted from attaching on is theirs to show, and there is no trial.
	FromStart  bool
	Cache      site.Cache                    // of what was found in files; the zero value keeps nothing
	GIL        bool                          // follow the GIL
	NoCalls    bool                          // count no calls
	unfollowed bool                          // as if the kernel could not tell of forks, execs and ends: for tests
	without    func([]site.Site) []site.Site // leaves out sites that count, as if they had not been found: for tests
	atCalls    bool                          // follow the GIL at the instructions that call libc from the beginning: for tests
	old        bool                          // as on the oldest kernels: no uprobe_multi, preallocated maps; for tests
}

// UserCache is where what was found in files is kept for the user.
func UserCache() site.Cache { return site.DefaultCache() }

// Source counts the calls of processes. It is a collect.Source with collect.Controls.
type Source struct {
	options Options
	host    string
	ns      bpf.PIDNamespace
	machine bpf.Machine

	mu         sync.Mutex // guards all below
	maps       *bpf.Maps
	names      *names
	proving    proving
	builds     []*build
	lastBuild  uint32 // number
	releasing  releasing
	gil        *gilTable // nil: not asked for
	conditions []*conditions
	processes  map[bpf.ProcessKey]*process
	order      []*process // as asked for, then as they came
	following  following
	files      files
	brake      string // why nothing is attached; empty: it is
	past       past
	functions  *functions
	buffers    buffers
	polls      uint64
	polled     time.Time
	namesLost  uint64
	attaches   uint8
	focus      uint64
	epoch      uint32
	since      time.Time
	closed     bool

	ended   chan struct{} // closed when every process has ended
	stop    chan struct{}
	stopped sync.WaitGroup
}

// Open attaches to the processes; when it returns, counting has begun. Nothing
// is left attached when it returns an error.
func Open(o Options) (_ *Source, err error) {
	if o.Functions == 0 {
		o.Functions = bpf.DefaultFunctions
	}
	s, err := newSource(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.follow()
	if err := s.watchAsked(); err != nil {
		return nil, err
	}
	if o.All {
		s.watchRunning()
	}
	if err := s.attachAsked(); err != nil {
		return nil, err
	}
	if err := s.trial(); err != nil {
		return nil, err
	}
	if err := s.someLive(); err != nil {
		return nil, err
	}
	for _, p := range s.order {
		s.attachGIL(p)
	}
	s.countUnwatched()
	if err := s.ready(); err != nil {
		return nil, err
	}
	s.stopped.Add(4)
	go s.keep()
	go s.keepProof()
	go s.keepGIL()
	go s.awaitEnds()
	s.following.begin(s)
	return s, nil
}

// newSource makes the maps; nothing is watched yet.
func newSource(o Options) (_ *Source, err error) {
	s := &Source{
		options: o, host: proc.Hostname(), processes: map[bpf.ProcessKey]*process{}, functions: newFunctions(), files: files{},
		ended: make(chan struct{}), stop: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.ns, err = pidNamespace(); err != nil {
		return nil, err
	}
	s.machine = bpf.Machine{PIDs: s.ns, BootOffset: proc.BootOffset(), WatchAll: o.All}
	if s.maps, err = bpf.OpenMaps(o.Functions, o.old); err != nil {
		return nil, err
	}
	if s.names, err = openNames(s.maps.Names); err != nil {
		return nil, err
	}
	return s, nil
}

func pidNamespace() (bpf.PIDNamespace, error) {
	ns, err := proc.System().Namespace(0, "pid")
	if err != nil {
		return bpf.PIDNamespace{}, err
	}
	if ns.Initial {
		return bpf.PIDNamespace{}, nil
	}
	return bpf.PIDNamespace{Dev: ns.Dev, Ino: ns.Inode}, nil
}

// keep does what must be done each second, also when nobody reads: it empties
// the map of freed functions and holds to the budget.
func (s *Source) keep() {
	defer s.stopped.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if !s.closed {
			s.scan()
		}
		if !s.closed && time.Since(s.polled) > 900*time.Millisecond {
			if s.poll() == nil { // else the next Read says what is wrong
				_ = s.hold(judgeAfter)
			}
		}
		s.mu.Unlock()
	}
}

func (s *Source) awaitEnds() {
	defer s.stopped.Done()
	if s.options.All {
		return // there is always a next one
	}
	s.mu.Lock()
	var asked []*proc.Watch
	for _, p := range s.order {
		if p.watch != nil {
			asked = append(asked, p.watch)
		}
	}
	s.mu.Unlock()
	for _, w := range asked {
		select {
		case <-s.stop:
			return
		case <-w.Ended():
		}
	}
	if s.options.Children && !s.awaitChildren() {
		return
	}
	close(s.ended)
}

// beside does what takes a while, and is waited for when the source is closed.
func (s *Source) beside(f func()) { s.stopped.Go(f) }

// Ended is closed when every process has ended.
func (s *Source) Ended() <-chan struct{} { return s.ended }

var errClosed = errors.New("the source is closed")

// Read returns what was counted until now.
func (s *Source) Read() (*collect.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	s.noteEnds() // before the maps are read: they then hold all that the ended did
	if err := s.poll(); err != nil {
		return nil, err
	}
	if err := s.hold(judgeAfter); err != nil {
		return nil, err
	}
	r := s.reading()
	if r.Final {
		return r, nil
	}
	return r, s.dropEnded()
}

// Detach takes every probe away; it may be put back by Attach.
func (s *Source) Detach(why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brake = why
	var away []*process
	for _, p := range s.order {
		if p.gone != "" || p.build == nil || p.left != "" {
			continue
		}
		if !p.overBudget { // which it stays: that was its cost
			p.braked, p.reason = true, why
		}
		away = append(away, p)
	}
	return errors.Join(s.detachGILs(why, away...), s.detach(away...), s.detachShared())
}

// Attach puts the probes back; into processes whose calls cost more than the
// budget only with force.
func (s *Source) Attach(force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.noteEnds()
	s.brake = ""
	var errs []error
	for _, p := range s.order {
		if p.gone == "" && p.links == nil && p.build != nil && p.left == "" && (force || !p.overBudget) {
			errs = append(errs, s.attach(p, force))
		}
		s.attachGIL(p)
	}
	return errors.Join(errs...)
}

// Close detaches everything and frees the maps.
func (s *Source) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	errs := []error{detachAll(time.Now(), s.order...), s.detachShared(), closeGILs(s.order)} // first of all, and whatever else goes wrong
	for _, p := range s.order {
		errs = append(errs, p.close())
	}
	if s.gil != nil && s.gil.exit != nil {
		errs = append(errs, s.gil.exit.Close())
	}
	s.mu.Unlock()
	close(s.stop)
	errs = append(errs, s.following.close())
	s.stopped.Wait()
	for _, b := range s.builds {
		errs = append(errs, b.close())
	}
	for _, c := range s.conditions {
		errs = append(errs, c.close())
	}
	if s.names != nil {
		errs = append(errs, s.names.close())
	}
	if s.maps != nil {
		errs = append(errs, s.maps.Close())
	}
	return errors.Join(errs...)
}

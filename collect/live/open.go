package live

import (
	"errors"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
	"pytop/collect/proc"
)

// newSource makes the maps and the probes; nothing is watched yet.
func newSource(o Options) (_ *Source, err error) {
	if o.Functions == 0 {
		o.Functions = bpf.DefaultFunctions
	}
	if o.Probes == nil {
		o.Probes = collect.KindNames(collect.DefaultKinds(collect.Kinds))
	}
	s := &Source{options: o, host: proc.Hostname(), ended: make(chan struct{}), stop: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	ns, err := pidNamespace()
	if err != nil {
		return nil, err
	}
	if s.maps, err = bpf.OpenMaps(o.Functions, o.Tests.Old); err != nil {
		return nil, err
	}
	machine := bpf.Machine{PIDs: ns, BootOffset: proc.BootOffset(), WatchAll: o.All}
	s.targets = target.New(target.Options{
		PIDs: o.PIDs, Children: o.Children, All: o.All, FromStart: o.FromStart, Cache: o.Cache, Unfollowed: o.Tests.Unfollowed, Without: o.Tests.Without,
	}, target.Host{Maps: s.maps, Machine: machine, Lock: &s.mu, Beside: s.beside}, &s.probes, len(Registry))
	s.probes.poll = s.poll
	return s, s.probes.make(probe.Host{
		Options: probe.Options{Children: o.Children, All: o.All, FromStart: o.FromStart, Functions: o.Functions, Budget: o.Budget, Tests: o.Tests},
		Maps:    s.maps, Machine: machine, Targets: s.targets, Lock: &s.mu, Links: &s.links, Beside: s.beside, Poll: s.poll, Shared: &s.shared,
	}, o.Probes)
}

func pidNamespace() (bpf.PIDNamespace, error) {
	ns, err := proc.System().Namespace(0, "pid")
	if err != nil || ns.Initial {
		return bpf.PIDNamespace{}, err
	}
	return bpf.PIDNamespace{Dev: ns.Dev, Ino: ns.Inode}, nil
}

// attachAsked attaches a probe to all that is watched so far. Of several
// processes those that cannot be watched say why.
func (s *Source) attachAsked(one probe.Probe) error {
	var refused error
	watched := 0
	for _, p := range s.targets.Order {
		if p.Build == nil {
			continue
		}
		err := one.Attach(p, false)
		if err == nil {
			watched++
			continue
		}
		if len(s.targets.Order) == 1 && !s.options.All {
			return err
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil && watched == 0 {
		return refused
	}
	return nil
}

// trialTime is how long a probe is tried before its cost is judged.
const trialTime = 50 * time.Millisecond

// trial lets a probe that has a budget count for a moment, so that a target that
// cannot bear it is let go before anything is shown.
func (s *Source) trial(one probe.Probe) error {
	b, ok := one.(probe.Budgeted)
	if s.options.FromStart || !ok {
		return nil
	}
	if err := s.poll(); err != nil {
		return err
	}
	b.Mark()
	time.Sleep(trialTime)
	if err := s.poll(); err != nil {
		return err
	}
	if err := b.Refuse(); err != nil {
		return err
	}
	return b.Judge(trialTime)
}

// ready makes now the zero of all counts.
func (s *Source) ready() error {
	began := time.Now()
	if s.options.FromStart {
		for _, p := range s.targets.Order {
			if p.Build != nil && p.Since.Before(began) {
				began = p.Since
			}
		}
		s.targets.Begun = began
		return nil
	}
	if err := s.poll(); err != nil { // what was called since the trial was before
		return err
	}
	s.targets.Begun = time.Now()
	for _, p := range s.targets.Order {
		p.Base, p.Note = p.State, ""
	}
	for _, one := range s.probes.list {
		one.Ready()
	}
	return nil
}

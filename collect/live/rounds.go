package live

import (
	"errors"
	"time"

	"pytop/collect"
	"pytop/collect/live/probe"
)

// judgeAfter is how long the cost must be above the budget before pytop
// detaches; the trial at attaching is shorter.
const judgeAfter = time.Second

// begin starts what goes on beside the readings.
func (s *Source) begin() {
	s.beside(s.keep)
	for _, one := range s.probes.list {
		s.beside(func() { s.rounds(one.Probe) })
	}
	s.beside(func() {
		if s.targets.AwaitEnds(s.stop) {
			close(s.ended)
		}
	})
	s.targets.Begin()
}

// keep does what must be done each second, also when nobody reads: it empties
// the map of freed functions and holds to the budget.
func (s *Source) keep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if !s.shared.Closed {
			s.targets.Scan()
			if time.Since(s.shared.Polled) > 900*time.Millisecond && s.poll() == nil { // else the next Read says what is wrong
				_ = s.enforceBudget()
			}
		}
		s.mu.Unlock()
	}
}

// rounds gives a probe its rounds of upkeep.
func (s *Source) rounds(one probe.Probe) {
	for next := time.Nanosecond; next != probe.Forever; {
		select {
		case <-s.stop:
			return
		case <-time.After(next):
		}
		s.mu.Lock()
		if s.shared.Closed {
			s.mu.Unlock()
			return
		}
		next = one.Round()
		s.mu.Unlock()
	}
}

// poll brings all that is known up to date with the kernel.
func (s *Source) poll() error {
	unknown, err := s.targets.ReadStates() // first: of those that have ended the maps then hold all
	if err != nil {
		return err
	}
	if err := s.probes.each(probe.Probe.Poll); err != nil {
		return err
	}
	if err := s.targets.ForgetUnknown(unknown); err != nil {
		return err
	}
	s.account()
	for _, one := range s.probes.list {
		one.Polled()
	}
	return nil
}

// account reads what the processes have used, after the probes were polled, and
// what their hits took of that.
func (s *Source) account() {
	s.shared.Polled = time.Now()
	for _, p := range s.targets.Order {
		if p.Build != nil {
			for _, one := range s.probes.list {
				p.Accounts[one.line].Add(one.Cost(p))
			}
		}
		if p.Look() && p.Build != nil {
			p.Spend()
		}
	}
}

// enforceBudget detaches probes where they cost more than the budget, as of the
// last poll.
func (s *Source) enforceBudget() error {
	var errs []error
	for _, one := range s.probes.list {
		if b, ok := one.Probe.(probe.Budgeted); ok {
			errs = append(errs, b.Judge(judgeAfter))
		}
	}
	return errors.Join(errs...)
}

// Read returns what was measured until now.
func (s *Source) Read() (*collect.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shared.Closed {
		return nil, errClosed
	}
	s.targets.NoteEnds(s.shared.Polled) // before the maps are read: they then hold all that the ended did
	if err := s.poll(); err != nil {
		return nil, err
	}
	if err := s.enforceBudget(); err != nil {
		return nil, err
	}
	r := s.reading()
	if r.Final {
		return r, nil
	}
	return r, s.targets.DropEnded()
}

package live

import (
	"errors"
	"slices"
	"time"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/attach"
)

// closing is links that are being closed beside: each waits some 50 ms for the
// kernel, and longer when many are closed.
type closing struct {
	done chan struct{} // closed when no probe is left
	err  error
}

// closeBeside begins to close links.
func (s *Source) closeBeside(links []link.Link, then func(*closing)) *closing {
	c := &closing{done: make(chan struct{})}
	s.stopped.Go(func() {
		c.err = attach.Close(links)
		close(c.done)
		if then != nil {
			then(c)
		}
	})
	return c
}

// probes are a process's links, those of before a change over too.
func (g *gilProcess) probes() []link.Link { return slices.Concat(g.links, g.leaving) }

// failGIL stops following a process's GIL, which cannot go on.
func (s *Source) failGIL(p *process, why error) {
	err := s.detachGILs("", p)
	p.gil.status, p.gil.reason = collect.ProbeFailed, errors.Join(why, err).Error()
}

// stopCounting makes the programs count no more of a process: its probes are
// several, and do not go at once.
func (s *Source) stopCounting(g *gilProcess) error {
	g.endLooks()
	g.stopped = monotonic() // what ends while they are taken out, which takes a while, is not seen
	return s.setPhase(g, bpf.GILNone)
}

// detachGILs stops following processes' GILs; what was counted stays.
func (s *Source) detachGILs(why string, list ...*process) error {
	err := s.unlinkGILs(list...)
	for _, p := range list {
		if g := p.gil; g != nil && g.status != "" && (g.status != collect.ProbeOff || g.waiting) {
			s.stopLight(p)
			g.status, g.reason, g.waiting, g.lookingSince = collect.ProbeOff, why, false, time.Time{}
		}
	}
	return err
}

// unlinkGILs takes the probes out of processes, of all at once, and makes what
// they counted final.
func (s *Source) unlinkGILs(list ...*process) error {
	var links []link.Link
	var out []*process
	var errs []error
	for _, p := range list {
		g := p.gil
		if g == nil || g.links == nil {
			continue
		}
		out = append(out, p)
		if g.closing == nil {
			errs = append(errs, s.stopCounting(g))
			links = append(links, g.probes()...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	errs = append(errs, attach.Close(links))
	for _, p := range out {
		for _, c := range []*closing{p.gil.closing, p.gil.left} {
			if c != nil {
				<-c.done
				errs = append(errs, c.err)
			}
		}
	}
	errs = append(errs, s.pollGIL()) // which reads those that have links
	for _, p := range out {
		errs = append(errs, s.unlinked(p))
	}
	return errors.Join(errs...)
}

// unlinkBeside does the same for one process without anybody waiting for it;
// then is called, under the lock, when it is done. Not while probes change over.
func (s *Source) unlinkBeside(p *process, then func()) {
	g := p.gil
	if g.links == nil || g.closing != nil {
		return
	}
	stopErr := s.stopCounting(g)
	g.closing = s.closeBeside(g.probes(), func(c *closing) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || g.closing != c { // another did it, or all is over
			return
		}
		if err := errors.Join(stopErr, c.err, s.pollGIL(), s.unlinked(p)); err != nil {
			g.status, g.reason = collect.ProbeFailed, err.Error()
			return
		}
		then()
	})
}

// unlinked notes that no probe is left in a process, after the maps were read.
func (s *Source) unlinked(p *process) error {
	g := p.gil
	var err error
	if g.world != nil {
		err = s.retireWorld(p)
	} else {
		g.probed().followed--
	}
	if g.leaving != nil || g.left != nil {
		g.conditions.followed--
	}
	g.links, g.leaving, g.left, g.closing, g.lookingSince = nil, nil, nil, nil, time.Time{}
	return errors.Join(err, s.retireGIL(p))
}

// closeGILs takes all probes out for good.
func closeGILs(list []*process) error {
	var links []link.Link
	for _, p := range list {
		g := p.gil
		if g == nil {
			continue
		}
		g.endLooks()
		if g.closing == nil {
			links = append(links, g.probes()...)
		}
		g.links, g.leaving = nil, nil
		if g.light != nil {
			g.light.end()
			g.light = nil
		}
	}
	return attach.Close(links)
}

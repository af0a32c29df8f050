package live

import (
	"errors"
	"time"

	"github.com/cilium/ebpf/link"

	"pytop/collect"
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
		c.err = closeLinks(links)
		close(c.done)
		if then != nil {
			then(c)
		}
	})
	return c
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
			links = append(links, g.links...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	errs = append(errs, closeLinks(links))
	for _, p := range out {
		if c := p.gil.closing; c != nil {
			<-c.done
			errs = append(errs, c.err)
		}
	}
	errs = append(errs, s.pollGIL()) // which reads those that have links
	for _, p := range out {
		errs = append(errs, s.unlinked(p))
	}
	return errors.Join(errs...)
}

// unlinkBeside does the same for one process without anybody waiting for it;
// then is called, under the lock, when it is done.
func (s *Source) unlinkBeside(p *process, then func()) {
	g := p.gil
	if g.links == nil || g.closing != nil {
		return
	}
	g.closing = s.closeBeside(g.links, func(c *closing) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || g.closing != c { // another did it, or all is over
			return
		}
		if err := errors.Join(c.err, s.pollGIL(), s.unlinked(p)); err != nil {
			g.status, g.reason = collect.ProbeFailed, err.Error()
			return
		}
		then()
	})
}

// unlinked notes that no probe is left in a process, after the maps were read.
func (s *Source) unlinked(p *process) error {
	g := p.gil
	g.links, g.closing, g.lookingSince = nil, nil, time.Time{}
	g.conditions.followed--
	return s.retireGIL(p)
}

// closeGILs takes all probes out for good.
func closeGILs(list []*process) error {
	var links []link.Link
	for _, p := range list {
		g := p.gil
		if g == nil {
			continue
		}
		if g.closing == nil {
			links = append(links, g.links...)
		}
		g.links = nil
		if g.light != nil {
			g.light.end()
			g.light = nil
		}
	}
	return closeLinks(links)
}

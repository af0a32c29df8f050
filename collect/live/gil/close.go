package gil

import (
	"errors"
	"slices"
	"time"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/attach"
	"pytop/collect/live/kernelmap"
)

// closing is links that are being closed beside: each waits some 50 ms for the
// kernel, and longer when many are closed.
type closing struct {
	done chan struct{} // closed when no probe is left
	err  error
}

// closeBeside begins to close links.
func (t *table) closeBeside(links []link.Link, then func(*closing)) *closing {
	c := &closing{done: make(chan struct{})}
	t.Beside(func() {
		c.err = attach.Close(links)
		close(c.done)
		if then != nil {
			then(c)
		}
	})
	return c
}

// probes are a process's links, those of before a change over too.
func (g *followed) probes() []link.Link { return slices.Concat(g.links, g.leaving) }

// fail stops following a process's GIL, which cannot go on.
func (t *table) fail(g *followed, why error) {
	err := t.detach("", g)
	g.status, g.reason = collect.ProbeFailed, errors.Join(why, err).Error()
}

// stopCounting makes the programs count no more of a process: its probes are
// several, and do not go at once.
func (t *table) stopCounting(g *followed) error {
	g.endLooks()
	g.stopped = kernelmap.Now() // what ends while they are taken out, which takes a while, is not seen
	return t.setPhase(g, bpf.GILNone)
}

// detach stops following processes; what was counted stays.
func (t *table) detach(why string, list ...*followed) error {
	err := t.unlink(list...)
	for _, g := range list {
		if g.status != "" && (g.status != collect.ProbeOff || g.waiting) {
			t.stopSampling(g)
			g.status, g.reason, g.waiting, g.lookingSince = collect.ProbeOff, why, false, time.Time{}
		}
	}
	return err
}

// unlink takes the probes out of processes, of all at once, and makes what
// they counted final.
func (t *table) unlink(list ...*followed) error {
	var links []link.Link
	var out []*followed
	var errs []error
	for _, g := range list {
		if g.links == nil {
			continue
		}
		out = append(out, g)
		if g.closing == nil {
			errs = append(errs, t.stopCounting(g))
			links = append(links, g.probes()...)
		}
	}
	if len(out) == 0 {
		return nil
	}
	errs = append(errs, attach.Close(links))
	for _, g := range out {
		for _, c := range []*closing{g.closing, g.left} {
			if c != nil {
				<-c.done
				errs = append(errs, c.err)
			}
		}
	}
	errs = append(errs, t.poll()) // which reads those that have links
	for _, g := range out {
		errs = append(errs, t.unlinked(g))
	}
	return errors.Join(errs...)
}

// unlinkBeside does the same for one process without anybody waiting for it;
// then is called, under the lock, when it is done. Not while probes change over.
func (t *table) unlinkBeside(g *followed, then func()) {
	if g.links == nil || g.closing != nil {
		return
	}
	stopErr := t.stopCounting(g)
	g.closing = t.closeBeside(g.probes(), func(c *closing) {
		t.Lock.Lock()
		defer t.Lock.Unlock()
		if t.Shared.Closed || g.closing != c { // another did it, or all is over
			return
		}
		if err := errors.Join(stopErr, c.err, t.poll(), t.unlinked(g)); err != nil {
			g.status, g.reason = collect.ProbeFailed, err.Error()
			return
		}
		then()
	})
}

// unlinked notes that no probe is left in a process, after the maps were read.
func (t *table) unlinked(g *followed) error {
	var err error
	if g.world != nil {
		err = t.retireWorld(g)
	} else {
		g.probed().followed--
	}
	if g.leaving != nil || g.left != nil {
		g.conditions.followed--
	}
	g.links, g.leaving, g.left, g.closing, g.lookingSince = nil, nil, nil, nil, time.Time{}
	return errors.Join(err, t.retire(g))
}

// shut takes all probes out for good.
func (t *table) shut() error {
	var links []link.Link
	for _, g := range t.of {
		g.endLooks()
		if g.closing == nil {
			links = append(links, g.probes()...)
		}
		g.links, g.leaving = nil, nil
		if g.sampler != nil {
			g.sampler.end()
			g.sampler = nil
		}
	}
	return attach.Close(links)
}

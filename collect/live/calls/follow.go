package calls

import (
	"errors"
	"fmt"
	"time"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
	"pytop/collect/proc"
)

// Attach puts the probes into a process, unless they are in, or it cost too much
// and is not forced.
func (c *Calls) Attach(of *target.Process, force bool) error {
	p := c.process(of)
	if p.Gone != "" || p.links != nil || p.Build == nil || p.Left != "" || p.overBudget && !force {
		return nil
	}
	err := c.attach(p, force)
	if err != nil && c.Targets.Begun.IsZero() {
		c.fail(p, err)
	}
	return err
}

// attach puts the probes into a process and tries what they cost; with force
// it stays, whatever it costs.
func (c *Calls) attach(p *process, force bool) error {
	if _, err := c.Targets.Register(p.Process); err != nil {
		return err
	}
	switch p.uncounted = !c.Asked; {
	case p.uncounted:
		p.links, p.attached = &links{}, time.Now()
	case c.shares(p.build()):
		if err := c.share(p.build()); err != nil {
			return err
		}
		if err := p.Reached(); err != nil {
			return err
		}
		p.links, p.attached = p.build().shared, time.Now()
	default:
		c.attaches++
		links, err := c.attachTo(p.build(), p.Info.PID, c.attaches)
		if err != nil {
			return inspect.WhenEnded(p.Info.PID, fmt.Errorf("process %d: %w", p.Info.PID, err))
		}
		if err := p.Reached(); err != nil {
			return errors.Join(err, links.close())
		}
		p.links, p.attached = links, time.Now()
	}
	p.vanished = false
	p.Braked, p.overBudget, p.failed, p.reason, p.Left, p.Forced = false, false, false, "", "", force
	if p.lapse.open {
		p.lapse.end(p.attached)
	}
	p.behind = 0
	p.silent.begin(p)
	p.mark = p.markAt(p.attached)
	return nil
}

// Detach takes the probes away for a reason that the user gave.
func (c *Calls) Detach(why string, of ...*target.Process) error {
	list := make([]*process, len(of))
	for i := range of {
		p := c.process(of[i])
		if !p.overBudget { // which it stays: that was its cost
			p.Braked, p.reason = true, why
		}
		list[i] = p
	}
	return errors.Join(c.detach(list...), c.detachShared())
}

// detach takes the probes of processes away and makes what was counted final:
// while they are detached, code objects are freed unseen.
func (c *Calls) detach(list ...*process) error {
	was := map[*process]bool{}
	for _, p := range list {
		if p.links != nil {
			was[p] = true
		}
	}
	if len(was) == 0 {
		return nil
	}
	if err := errors.Join(detachAll(time.Now(), list...), c.detachUnused()); err != nil {
		return err
	}
	if err := c.Host.Poll(); err != nil {
		return err
	}
	return c.retire(was)
}

// retire takes the living code objects of detached processes out of the maps,
// after they were read.
func (c *Calls) retire(list map[*process]bool) error {
	var keys []bpf.CallKey
	for id, o := range c.functions.objects {
		if list[o.function.of] {
			o.function.done.add(o.last)
			o.function.now = counts{}
			keys = append(keys, o.key)
			delete(c.functions.objects, id)
		}
	}
	if err := kernelmap.DeleteAll(c.Maps.Live, keys); err != nil {
		return fmt.Errorf("retire counts: %w", err)
	}
	return nil
}

// noteLate notes that a process, whose program began then, ran for a while
// before probes were in its file.
func (c *Calls) noteLate(p *process, began time.Time) {
	if p.attached.After(began) && p.attached.After(c.Targets.Begun) {
		p.Note = "its calls before " + p.attached.Format("15:04:05.000") + ", when it was noticed, are not counted"
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Came puts the probes into a process that came after counting had begun.
func (c *Calls) Came(of *target.Process, at time.Time) {
	p := c.process(of)
	known := p.build().shared != nil
	if c.Shared.Brake != "" {
		p.Braked, p.reason = true, c.Shared.Brake
		return
	}
	if err := c.attach(p, false); err != nil {
		c.fail(p, err)
		return
	}
	if known && (c.All || c.Targets.Followed()) {
		p.attached = later(p.build().sharedAt, p.Info.Start)
	}
	c.noteLate(p, later(p.Info.Start, at))
}

// errUnattached is why the calls of a process are not counted whose file has
// no breakpoints for all, and that ended before it had its own.
var errUnattached = errors.New("it ended before it was attached to: the breakpoints of its file are shared no more, since counting one of its processes took more than the budget (--budget)")

// Adopted takes in a process that the programs have counted already.
func (c *Calls) Adopted(of *target.Process) {
	p := c.process(of)
	p.mark.at = time.Now()
	b := p.build()
	switch {
	case b.shared != nil:
		p.links, p.attached = b.shared, later(b.sharedAt, p.Info.Start)
		c.noteLate(p, p.Info.Start)
	case c.Shared.Brake != "":
		p.Braked, p.reason = true, c.Shared.Brake
	case b.split && !p.uncounted:
		err := error(proc.ErrNoProcess)
		if p.Gone == "" {
			err = c.attach(p, false)
		}
		if errors.Is(err, proc.ErrNoProcess) {
			err = errUnattached
			c.Targets.Unattached++
		}
		if err != nil {
			c.fail(p, err)
			return
		}
		p.Note = "its calls before " + p.attached.Format("15:04:05.000") + ", when it was noticed, are not counted"
	}
}

// LostProbes tells whether a process has none of the breakpoints that are its own.
func (c *Calls) LostProbes(of *target.Process) bool {
	p := c.process(of)
	return p.links != nil && !p.links.shared && errors.Is(p.Reached(), target.ErrNotReached)
}

// Execed puts the probes where a process runs another CPython, or has lost them.
// What ran before is not counted.
func (c *Calls) Execed(of *target.Process, e target.Exec) {
	p := c.process(of)
	lost := e.Err == nil && p.Build == e.Before && c.LostProbes(of)
	switch {
	case errors.Is(e.Err, cpython.ErrNotPython):
		_ = p.detach(time.Now())
	case e.Err != nil:
		c.fail(p, fmt.Errorf("it runs another program now: %w", e.Err))
	case (lost || p.Build != e.Before || e.Left) && c.Shared.Brake == "" && !p.Braked && !p.overBudget:
		_ = p.detach(time.Now())
		b := p.build()
		missed := b.shared == nil || b.sharedAt.After(e.At)
		err := c.attach(p, p.Forced)
		if errors.Is(err, proc.ErrNoProcess) { // what was counted before stays
			p.vanished = true
			p.Note = words.Join(p.Note, "it exec'd another CPython and ended before its probes were in: its calls after that are not counted")
			return
		}
		if err != nil {
			c.fail(p, err)
			return
		}
		if !missed {
			return // its file was attached to for all processes: nothing was missed
		}
		what := "another CPython"
		if lost {
			what = "itself from a thread that was not its first, which took the probes away,"
		}
		p.Note = "it exec'd " + what + " at " + p.attached.Format("15:04:05") + "; its first calls after that, until its probes were in, are not counted"
	}
}

// Ended notes that a process is no more, and takes its probes out beside: that
// takes some 50 ms, and nothing hits them any more.
func (c *Calls) Ended(of *target.Process) {
	p := c.process(of)
	p.counted = p.countedUntil(time.Now())
	l := p.links
	if p.links = nil; l != nil && !l.shared {
		c.Beside(func() { _ = l.close() })
	}
}

// fail detaches a process for good reason, and keeps the reason to be shown.
func (c *Calls) fail(p *process, err error) {
	p.failed, p.reason = true, err.Error()
	_ = c.detach(p) // p.reason says what is wrong already
}

// Drop forgets processes that have ended; what they called stays in the sums.
func (c *Calls) Drop(ended map[*target.Process]bool) error {
	left := map[*process]bool{}
	for of := range ended {
		p := c.process(of)
		left[p] = true
		c.ended.add(p)
		if l := p.links; l != nil && !l.shared {
			c.Beside(func() { _ = l.close() })
			p.links = nil
		}
	}
	err := c.retire(left)
	c.functions.drop(left, c.Functions)
	for of := range ended {
		delete(c.of, of)
	}
	return err
}

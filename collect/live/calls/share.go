package calls

import (
	"errors"
	"fmt"
	"time"
)

// mostAlone is up to how many processes of a file are attached one by one when
// one of them was let go: each hit asks each link of the file whether it is
// meant.
const mostAlone = 32

// shares tells whether a build's probes are put into its file once, for all
// processes that run it: then one that starts later is counted from its first
// call, and two hundred cost what one does. Others that run the file pay for
// the breakpoints too, and are not counted.
func (c *Calls) shares(b *build) bool {
	return (c.All || c.Children) && !b.split
}

// share attaches to a build's file, once.
func (c *Calls) share(b *build) error {
	if b.shared != nil {
		return nil
	}
	c.attaches++
	l, err := c.attachTo(b, 0, c.attaches)
	if err != nil {
		return err
	}
	b.shared, b.sharedAt = l, time.Now()
	return nil
}

// detachShared takes away what is attached to files.
func (c *Calls) detachShared() error {
	var all []*links
	for _, b := range c.builds {
		if b.shared != nil {
			all = append(all, b.shared)
			b.shared = nil
		}
	}
	return closeAll(all)
}

// detachUnused takes away what is attached to files of which no process is
// counted: only where processes were let go on purpose, since those that start
// later are to be counted from their first call.
func (c *Calls) detachUnused() error {
	if c.Shared.Brake != "" {
		return c.detachShared()
	}
	return nil
}

func closeAll(list []*links) error {
	results := make(chan error, len(list))
	for _, l := range list {
		go func() { results <- l.close() }()
	}
	var errs []error
	for range list {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

// detachOne frees a process, whose counting costs too much, from breakpoints that
// it shares: the others of its file get their own. In between nothing is
// counted, which they say. When there are too many others all are let go.
func (c *Calls) detachOne(p *process) error {
	b := p.build()
	var others []*process
	for _, o := range c.all() {
		if o != p && o.links != nil && o.links == b.shared && o.Gone == "" {
			others = append(others, o)
		}
	}
	b.split = true
	from, l := time.Now(), b.shared
	b.shared = nil
	err := errors.Join(l.close(), c.detach(append([]*process{p}, others...)...))
	if err != nil {
		return err
	}
	for _, o := range others {
		o.lapse.begin(from, p.Info.PID)
	}
	if len(others) > mostAlone {
		for _, o := range others {
			o.overBudget, o.behind = true, p.Info.PID
			o.reason = fmt.Sprintf("it shares its breakpoints with process %d, of which counting would take more than the budget (--budget)", p.Info.PID)
		}
		return nil
	}
	for _, o := range others {
		if err := c.attach(o, o.Forced); err != nil {
			c.fail(o, err)
		}
	}
	return nil
}

// rejoin shares the breakpoints of a file again when those are gone for whose
// cost too many others are not counted. What has its own meanwhile gives them
// up: each call is to be counted once.
func (c *Calls) rejoin() error {
	if c.Shared.Brake != "" {
		return nil
	}
	behind, dear := map[*build]bool{}, map[*build]bool{}
	for _, p := range c.all() {
		switch {
		case p.Gone != "" || p.Left != "" || !p.overBudget:
		case p.behind != 0:
			behind[p.build()] = true
		default:
			dear[p.build()] = true
		}
	}
	var errs []error
	for b := range behind {
		if !dear[b] {
			errs = append(errs, c.rejoinOf(b))
		}
	}
	return errors.Join(errs...)
}

func (c *Calls) rejoinOf(b *build) error {
	var list, alone []*process
	for _, p := range c.all() {
		if p.build() != b || p.Gone != "" || p.Left != "" || p.failed || p.Braked {
			continue
		}
		list = append(list, p)
		if p.links != nil {
			alone = append(alone, p)
		}
	}
	from := time.Now()
	if err := c.detach(alone...); err != nil {
		return err
	}
	for _, p := range alone {
		p.lapse.begin(from, 0)
	}
	b.split = false
	for _, p := range list {
		if err := c.attach(p, p.Forced); err != nil {
			c.fail(p, err)
		}
	}
	return nil
}

// lapse is when a process was not counted since its breakpoints were taken away
// for another's cost: several times together.
type lapse struct {
	open  bool
	first time.Time // when it was the first time
	from  time.Time // and the last
	all   time.Duration
	times int
	pid   int // whose cost it was last
}

func (l *lapse) begin(from time.Time, pid int) {
	if l.times++; l.times == 1 {
		l.first = from
	}
	l.open, l.from = true, from
	if pid != 0 {
		l.pid = pid
	}
}

func (l *lapse) end(at time.Time) {
	l.open, l.all = false, l.all+at.Sub(l.from)
}

func (l *lapse) words() string {
	why := "when breakpoints were shared again"
	if l.pid != 0 {
		why = fmt.Sprintf("when process %d was let go", l.pid)
	}
	switch {
	case l.times == 0 || l.open:
		return ""
	case l.times == 1:
		return fmt.Sprintf("not counted for %d ms at %s, %s", l.all.Milliseconds(), l.first.Format("15:04:05"), why)
	}
	return fmt.Sprintf("not counted for %d ms, %d times since %s, the last time %s", l.all.Milliseconds(), l.times, l.first.Format("15:04:05"), why)
}

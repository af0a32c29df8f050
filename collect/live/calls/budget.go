package calls

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect/live/target"
	"pytop/collect/live/words"
)

// A mark is what a process had used and paid at one time.
type mark struct {
	at       time.Time
	cpu, tax time.Duration
	spent    hits
}

func (p *process) markAt(at time.Time) mark { return mark{at, p.CPU, p.overhead(), p.spent} }

// negligible is a cost below which no budget is exceeded, as a share of one
// core: a process that is idle but for a few thousand calls a second spends
// most of its little time on their probes, and nobody would notice.
const negligible = 0.02

// Cost is the bare price of a process's calls and resumes since it was asked last.
func (c *Calls) Cost(of *target.Process) time.Duration {
	p := c.process(of)
	if p.Build == nil {
		return 0
	}
	price := p.build().price
	least := price.of(p.spent) - price.of(p.paid)
	p.paid = p.spent
	return least
}

// overheadShare is the part of the CPU time since a mark that counting took.
func (p *process) overheadShare(since mark) float64 {
	used, paid := p.CPU-since.cpu, p.overhead()-since.tax
	if used <= 0 || paid <= 0 {
		return 0
	}
	return min(1, paid.Seconds()/used.Seconds())
}

// Mark begins to judge the cost anew.
func (c *Calls) Mark() {
	for _, p := range c.all() {
		p.mark = p.markAt(c.Shared.Polled)
	}
}

// Judge detaches the processes whose counting costs more than the budget, as of
// the last poll, judged over at least the given time.
func (c *Calls) Judge(after time.Duration) error {
	_ = c.Refuse() // shown as their reasons
	var errs []error
	for _, p := range c.all() {
		errs = append(errs, c.judge(p, c.Shared.Polled, after))
	}
	return errors.Join(append(errs, c.rejoin())...)
}

func (c *Calls) judge(p *process, now time.Time, after time.Duration) error {
	if p.links == nil || p.Gone != "" || p.Forced || c.Budget <= 0 || now.Sub(p.mark.at) < after {
		return nil
	}
	share, took := p.overheadShare(p.mark), now.Sub(p.mark.at)
	paid := (p.overhead() - p.mark.tax).Seconds() / took.Seconds()
	calls := float64(p.spent.calls-p.mark.spent.calls) / took.Seconds()
	resumes := float64(p.spent.resumes-p.mark.spent.resumes) / took.Seconds()
	p.mark = p.markAt(now)
	if share <= c.Budget || paid < negligible {
		return nil
	}
	p.overBudget = true
	rates := words.Rate(calls) + " calls/s"
	if resumes > 0 {
		rates += ", " + words.Rate(resumes) + " resumes/s"
	}
	p.reason = fmt.Sprintf("counting would take ~%.0f %% of its time (%s), the budget is %.0f %% (--budget)", 100*share, rates, 100*c.Budget)
	if p.links.shared {
		return c.detachOne(p)
	}
	return c.detach(p)
}

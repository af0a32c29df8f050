package live

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect/live/price"
	"pytop/collect/proc"
)

// A mark is what a process had used and paid at one time.
type mark struct {
	at       time.Time
	cpu, tax time.Duration
	spent    hits
}

func (p *process) markAt(at time.Time) mark { return mark{at, p.cpu, p.tax, p.spent} }

// negligible is a cost below which no budget is exceeded, as a share of one
// core: a process that is idle but for a few thousand calls a second spends
// most of its little time on their probes, and nobody would notice.
const negligible = 0.02

// judgeAfter is how long the cost must be above the budget before pytop
// detaches; the trial at attaching is shorter.
const judgeAfter = time.Second

// account reads what a process has used, and its state, after a poll.
func (p *process) account(total counts) {
	other := p.state.Freed + p.state.Instrumented + p.state.Executor
	for _, n := range p.state.Lost {
		other += n
	}
	p.total = total
	if p.build == nil {
		p.look()
		return
	}
	now := hits{calls: total.calls, resumes: total.resumes, other: other}
	least := p.build.price.of(now) - p.build.price.of(p.spent)
	p.spent = now
	gil := p.gilCost()
	p.tail, p.gilTail, p.gilLeast = p.tail+least, p.gilTail+gil, p.gilLeast+gil
	if !p.look() {
		return
	}
	if cpu, err := proc.CPUTime(p.info.PID); err == nil { // of a zombie too
		p.pay(cpu - p.cpu)
		p.cpu, p.cpuOK = cpu, true
	}
}

// look reads what /proc says of a process; false when it is no longer there.
func (p *process) look() bool {
	stat, err := proc.System().Stat(p.info.PID)
	if err != nil || !stat.Start.Equal(p.info.Start) {
		p.ending = true // and was waited for; the PID may be another's
		return false
	}
	p.ending = stat.Ended()
	p.stopped, p.threads, p.memory = stat.Stopped(), stat.Threads, stat.Memory
	if p.build == nil {
		p.cpu, p.cpuOK = stat.User+stat.System, true
	}
	return true
}

// pay makes the bare prices of what was hit what it took out of the CPU time
// used meanwhile. Calls and the GIL share it by their prices.
func (p *process) pay(used time.Duration) {
	if least := p.tail + p.gilTail; least > 0 {
		all := price.Overhead(least, used)
		gil := time.Duration(float64(all) * float64(p.gilTail) / float64(least))
		p.tax, p.gilTax = p.tax+all-gil, p.gilTax+gil
	}
	p.tail, p.gilTail = 0, 0
}

// cpuKnown tells whether the CPU time, and the tax with it, stand for all that
// was counted: when a process has ended, its last moments are mostly not known.
func (p *process) cpuKnown() bool {
	return p.cpuOK && 4*(p.tail+p.gilTail) <= p.build.price.of(p.spent)+p.gilLeast
}

// share is the part of the CPU time since a mark that counting took.
func (p *process) share(since mark) float64 {
	used, paid := p.cpu-since.cpu, p.tax-since.tax
	if used <= 0 || paid <= 0 {
		return 0
	}
	return min(1, paid.Seconds()/used.Seconds())
}

// hold detaches the processes whose counting costs more than the budget, as of
// the last poll, judged over at least the given time.
func (s *Source) hold(after time.Duration) error {
	_ = s.refuse() // shown as their reasons
	var errs []error
	for _, p := range s.order {
		errs = append(errs, s.holdOne(p, s.polled, after))
	}
	errs = append(errs, s.rejoin())
	return errors.Join(errs...)
}

func (s *Source) holdOne(p *process, now time.Time, after time.Duration) error {
	if p.links == nil || p.gone != "" || p.forced || s.options.Budget <= 0 || now.Sub(p.mark.at) < after {
		return nil
	}
	share, took := p.share(p.mark), now.Sub(p.mark.at)
	paid := (p.tax - p.mark.tax).Seconds() / took.Seconds()
	calls := float64(p.spent.calls-p.mark.spent.calls) / took.Seconds()
	resumes := float64(p.spent.resumes-p.mark.spent.resumes) / took.Seconds()
	p.mark = p.markAt(now)
	if share <= s.options.Budget || paid < negligible {
		return nil
	}
	p.overBudget = true
	rates := rounded(calls) + " calls/s"
	if resumes > 0 {
		rates += ", " + rounded(resumes) + " resumes/s"
	}
	p.reason = fmt.Sprintf("counting would take ~%.0f %% of its time (%s), the budget is %.0f %% (--budget)", 100*share, rates, 100*s.options.Budget)
	if p.links.shared {
		return s.letGo(p)
	}
	return s.detach(p)
}

// gilCost is the bare price of following the GIL since it was asked last.
func (p *process) gilCost() time.Duration {
	if p.gil == nil {
		return 0
	}
	hits := p.gil.spent + p.gil.hitsNow()
	cost := p.gilPrice().Of(less(hits, p.gilPaid))
	p.gilPaid = hits
	return cost
}

// rounded is a rate to about two digits, for a sentence.
func rounded(perS float64) string {
	switch {
	case perS >= 1e6:
		return fmt.Sprintf("%.1fM", perS/1e6)
	case perS >= 1e4:
		return fmt.Sprintf("%.0fk", perS/1e3)
	}
	return fmt.Sprintf("%.0f", perS)
}

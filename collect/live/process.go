package live

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
)

// process is one that is watched.
type process struct {
	info  *collect.Process
	build *build
	image proc.Image
	watch *proc.Watch

	codeType uint64 // address of PyCode_Type; 0: not known
	links    *links // nil: detached

	attached time.Time     // when links were made
	counted  time.Duration // by links since closed

	forced     bool        // attached whatever it costs
	failed     bool        // attaching failed: see reason
	uncounted  bool        // links are none: its calls are not to be counted
	braked     bool        // by the user
	overBudget bool        // by pytop itself
	reason     string      // why it is detached
	note       string      // what was missed, besides; empty: nothing
	execSeen   time.Time   // when another program was first seen; zero: not
	gil        *gilProcess // nil: not followed
	gilPaid    uint64      // hits of the GIL's probes that gilTax has
	gilTax     time.Duration
	gilTail    time.Duration // the bare price of hits that gilTax has not yet
	gone       string        // why it can never be attached again; empty: it can

	state   bpf.ProcessState // as of the last poll
	base    bpf.ProcessState // at ready
	total   counts           // of its functions, since first attached
	zero    counts           // total at ready
	spent   hits             // all hits so far
	tax     time.Duration    // what counting took of cpu so far: an estimate
	tail    time.Duration    // what hits took at the least since cpu was last read
	mark    mark             // since when the budget is judged
	cpu     time.Duration
	cpuOK   bool
	stopped bool
}

// notAsked is why a probe is off that --probes leaves out.
const notAsked = "not asked for (--probes)"

// hasEnded tells whether the process has ended; all that it did is then in the maps.
func (p *process) hasEnded() bool {
	select {
	case <-p.watch.Ended():
		return true
	default:
		return false
	}
}

// detach takes the probes away. When it has returned none is left.
func (p *process) detach(now time.Time) error {
	if p.links == nil {
		return nil
	}
	p.counted = p.countedUntil(now)
	err := p.links.close()
	p.links = nil
	return err
}

func (p *process) countedUntil(now time.Time) time.Duration {
	if p.links == nil || p.uncounted {
		return p.counted
	}
	return p.counted + now.Sub(p.attached)
}

// lost is how many hits were lost since ready, by bpf.Lost….
func (p *process) lost(why int) uint64 { return less(p.state.Lost[why], p.base.Lost[why]) }

// off tells whether its calls are not counted, or were not when it ended.
func (p *process) off() bool {
	return p.links == nil && (p.gone == "" || p.braked || p.overBudget || p.failed)
}

// status says how true the counts are, and why they are not exact.
func (p *process) status(room uint32) (collect.CallsStatus, string) {
	if p.uncounted {
		return collect.Off, notAsked
	}
	if p.off() {
		return collect.Off, p.reason
	}
	var why []string
	if p.state.Executor > 0 {
		why = append(why, "a JIT compiler runs in it: calls inside compiled traces are not seen")
	}
	if n := p.lost(bpf.LostFull) + p.lost(bpf.LostGoneFull); n > 0 {
		why = append(why, fmt.Sprintf("%d calls found no room for their function (room for %d: see --functions)", n, room))
	}
	if n := p.lost(bpf.LostUnreadable); n > 0 {
		why = append(why, fmt.Sprintf("%d hits could not be read", n))
	}
	if n := p.lost(bpf.LostNotCode); n > 0 {
		why = append(why, fmt.Sprintf("%d hits held no code object: this build is not understood", n))
	}
	if p.note != "" {
		why = append(why, p.note)
	}
	if len(why) > 0 {
		return collect.LowerBound, strings.Join(why, "; ")
	}
	return collect.Exact, ""
}

// reading is the process as of the last poll, at now.
func (p *process) reading(now time.Time, room uint32) collect.ProcessReading {
	r := collect.ProcessReading{
		Process: p.info, State: collect.Running, OverBudget: p.overBudget, Braked: p.braked,
		Counted: p.countedUntil(now), Calls: less(p.total.calls, p.zero.calls), Resumes: less(p.total.resumes, p.zero.resumes),
		CPU: p.cpu, CPUKnown: p.cpuKnown(), Tax: p.tax + p.gilTax, TaxKnown: p.build.price.known(),
	}
	r.Status, r.Reason = p.status(room)
	switch {
	case p.gone != "":
		r.State = collect.Ended
	case p.stopped:
		r.State = collect.Stopped
	}
	return r
}

func (p *process) close() error {
	errs := []error{p.detach(time.Now())}
	if p.gil != nil {
		errs = append(errs, p.gil.close())
	}
	return errors.Join(append(errs, p.watch.Close())...)
}

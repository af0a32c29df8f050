package live

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
)

// process is one that is watched.
type process struct {
	key   bpf.ProcessKey
	info  *collect.Process
	build *build // nil: its calls cannot be counted, reason says why
	image proc.Image
	watch *proc.Watch // nil: it was not asked for by its PID
	execs uint32      // of state.Execs those that were looked into

	codeType uint64 // address of PyCode_Type; 0: not known
	links    *links // its own, or its build's for all processes; nil: detached

	attached time.Time     // when links were made
	counted  time.Duration // by links since closed

	forced     bool        // attached whatever it costs
	failed     bool        // attaching failed: see reason
	uncounted  bool        // links are none: its calls are not to be counted
	braked     bool        // by the user
	overBudget bool        // by pytop itself
	behind     int         // the PID of whose cost it was that it is, not its own; 0: its own
	lapse      lapse       // when it was not counted for another's cost
	reason     string      // why it is detached
	note       string      // what was missed, besides; empty: nothing
	execSeen   time.Time   // when another program was first seen; zero: not
	left       string      // what it exec'd that is no CPython; empty: it runs one
	gil        *gilProcess // nil: not followed
	gilPaid    uint64      // hits of the GIL's probes that gilTax has
	gilTax     time.Duration
	gilLeast   time.Duration // the bare price of all its hits
	gilTail    time.Duration // the bare price of hits that gilTax has not yet
	gone       string        // why it can never be attached again; empty: it can

	state     bpf.ProcessState // as of the last poll
	base      bpf.ProcessState // at ready
	total     counts           // of its functions, since first attached
	zero      counts           // total at ready
	spent     hits             // all hits so far
	tax       time.Duration    // what counting took of cpu so far: an estimate
	tail      time.Duration    // what hits took at the least since cpu was last read
	mark      mark             // since when the budget is judged
	cpu       time.Duration
	cpuOK     bool
	stopped   bool
	threads   int
	memory    uint64
	asked     bool // for by its PID: stays listed when it has ended
	ancestor  bool // asked for, but no CPython: its descendants are watched
	ending    bool // was seen to have ended after the maps were read
	payers    int
	unwatched []bpf.ProcessKey // children that ran its program before, and do still
	proof     proof
	proven    int                 // functions that were seen running, and counted
	missed    map[objectName]bool // those that were seen running, and not counted
}

// notAsked is why a probe is off that --probes leaves out.
const notAsked = "not asked for (--probes)"

// end notes that the process is no more: nothing in it goes on. It returns what
// is to be closed of it.
func (p *process) end() *links {
	p.gone = "ended"
	p.gil.stop()
	p.counted = p.countedUntil(time.Now())
	l := p.links
	if p.links = nil; l == nil || l.shared {
		return nil
	}
	return l
}

// hasEnded tells whether the process has ended; all that it did is then in the maps.
func (p *process) hasEnded() bool {
	if p.watch == nil {
		return p.ending || p.state.Flags&bpf.Ended != 0
	}
	select {
	case <-p.watch.Ended():
		return true
	default:
		return false
	}
}

// detach takes the probes away. When it has returned none is left, but those
// that it shares.
func (p *process) detach(now time.Time) error {
	if p.links == nil {
		return nil
	}
	p.counted = p.countedUntil(now)
	l := p.links
	p.links = nil
	if l.shared {
		return nil
	}
	return l.close()
}

// detachAll detaches several at once: each link waits some 50 ms for the
// kernel, and they wait together.
func detachAll(now time.Time, list ...*process) error {
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, p := range list {
		all.Go(func() { errs[i] = p.detach(now) })
	}
	all.Wait()
	return errors.Join(errs...)
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
	if p.left != "" && p.gone == "" {
		return collect.Off, p.left
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
	if len(p.missed) > 0 {
		why = append(why, missedWords(p.missed))
	}
	why = appendNew(why, p.note)
	why = appendNew(why, p.lapse.words())
	if len(why) > 0 {
		why = appendNew(why, p.left)
		return collect.LowerBound, strings.Join(why, "; ")
	}
	return collect.Exact, p.left
}

// reading is the process as of the last poll, at now.
func (p *process) reading(now time.Time, room uint32) collect.ProcessReading {
	r := collect.ProcessReading{
		Process: p.info, State: collect.Running, OverBudget: p.overBudget, Braked: p.braked,
		Counted: p.countedUntil(now), Calls: less(p.total.calls, p.zero.calls), Resumes: less(p.total.resumes, p.zero.resumes),
		CPU: p.cpu, Threads: p.threads, Memory: p.memory, Payers: p.payers, Unwatched: len(p.unwatched),
	}
	if p.build != nil {
		r.CPUKnown, r.Tax, r.TaxKnown, r.Method = p.cpuKnown(), p.tax+p.gilTax, p.build.price.known(), p.build.method()+provenWords(p.proven)
	} else {
		r.CPUKnown = p.cpuOK
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
	if p.watch != nil {
		errs = append(errs, p.watch.Close())
	}
	return errors.Join(errs...)
}

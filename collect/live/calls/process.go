package calls

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
	"pytop/collect/proc"
)

// process is one whose calls are counted, or were.
type process struct {
	*target.Process
	calls *Calls
	links *links // its own, or its build's for all processes; nil: detached

	attached time.Time     // when links were made
	counted  time.Duration // by links since closed

	failed     bool   // attaching failed: see reason
	vanished   bool   // it ended while its probes went in: its end is noticed next time
	uncounted  bool   // links are none: its calls are not to be counted
	overBudget bool   // detached by pytop itself
	behind     int    // the PID of whose cost it was that it is, not its own; 0: its own
	lapse      lapse  // when it was not counted for another's cost
	reason     string // why it is detached

	total  counts // of its functions, since first attached
	zero   counts // total at ready
	spent  hits   // all hits so far
	paid   hits   // those of spent that Cost has told
	mark   mark   // since when the budget is judged
	proof  proof
	proven int                 // functions that were seen running, and counted
	missed map[objectName]bool // those that were seen running, and not counted
	silent silence
	moved  moved
}

// moved is whether a process moved its code since its probes went in. It stays
// so: what was missed is missing from then on.
type moved struct {
	cpu  time.Duration // it had used when that was looked at last
	seen time.Time     // zero: it did not
}

// look looks whether a process that has run since has moved its code: its
// breakpoints are gone then.
func (m *moved) look(p *process) {
	if !m.seen.IsZero() || p.links == nil || p.uncounted || p.Gone != "" || p.Build == nil || !p.ExecSeen.IsZero() || p.Execs != p.State.Execs || p.CPU == m.cpu {
		return
	}
	m.cpu = p.CPU
	if errors.Is(p.Reached(), inspect.ErrMoved) {
		m.seen = time.Now()
	}
}

// words says so; empty: it did not.
func (m *moved) words() string {
	if m.seen.IsZero() {
		return ""
	}
	return "it moved its code to anonymous memory, as programs do for huge pages, before " + m.seen.Format("15:04:05.000") + ": its calls since are not counted"
}

// silence is what a process had used and called when its probes went in: one that
// is busy and calls nothing from then on may pass no probe.
type silence struct {
	build *target.Build // that the probes are for
	cpu   time.Duration // used when they went in last
	total counts        // counted when they went in first
}

// busyFrom is the CPU time from which on a process is busy that called nothing.
const busyFrom = time.Second

// begin notes that probes are in a process.
func (s *silence) begin(p *process) {
	s.cpu = p.CPU
	if cpu, err := proc.CPUTime(p.Info.PID); err == nil {
		s.cpu = cpu
	}
	if s.build != p.Build {
		s.build, s.total = p.Build, p.total
	}
}

// busy tells whether a process is busy and not one of its calls was counted.
func (s *silence) busy(p *process) bool {
	return s.build != nil && p.CPUKnown && p.CPU-s.cpu >= busyFrom && p.total == s.total
}

// build is what its calls have for the file that it runs.
func (p *process) build() *build { return p.calls.build(p.Build) }

// overhead is what counting took of its CPU time so far: an estimate.
func (p *process) overhead() time.Duration { return p.Accounts[p.calls.Index].Overhead }

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

// off tells whether its calls are not counted, or were not when it ended.
func (p *process) off() bool {
	return p.links == nil && (p.Gone == "" && !p.vanished || p.Braked || p.overBudget || p.failed)
}

// status says how true the counts are, and why they are not exact.
func (p *process) status(room uint32) (collect.CallsStatus, string) {
	if p.Refused != "" {
		return collect.Off, p.Refused
	}
	if p.uncounted {
		return collect.Off, words.NotAsked
	}
	if p.Left != "" && p.Gone == "" {
		return collect.Off, p.Left
	}
	if p.off() {
		return collect.Off, p.reason
	}
	var why []string
	if p.State.Executor > 0 {
		why = append(why, "a JIT compiler runs in it: calls inside compiled traces are not seen")
	}
	if n := p.Lost(bpf.LostFull) + p.Lost(bpf.LostGoneFull); n > 0 {
		why = append(why, fmt.Sprintf("%d calls found no room for their function (room for %d: see --functions)", n, room))
	}
	if n := p.Lost(bpf.LostUnreadable); n > 0 {
		why = append(why, fmt.Sprintf("%d hits could not be read", n))
	}
	if n := p.Lost(bpf.LostNotCode); n > 0 {
		why = append(why, fmt.Sprintf("%d hits held no code object: this build is not understood", n))
	}
	if len(p.missed) > 0 {
		why = append(why, missedWords(p.missed))
	}
	if p.silent.busy(p) {
		why = append(why, "busy, and not one call was counted: it runs C code or a loop without calls, or its calls pass no probe")
	}
	why = words.Append(why, p.Note)
	why = words.Append(why, p.moved.words())
	why = words.Append(why, p.lapse.words())
	if len(why) > 0 {
		why = words.Append(why, p.Left)
		return collect.LowerBound, strings.Join(why, "; ")
	}
	return collect.Exact, p.Left
}

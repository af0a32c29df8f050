package gil

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/probe"
	"pytop/collect/live/target"
)

const (
	// mostFollowed is how many processes' GILs are followed at once: each hit
	// asks the links of all of them (linkShare), so that many pay for each other.
	mostFollowed = 256
	// youngest is how old a process must be that nobody asked for: attaching to
	// one that ends at once, and detaching, would take more than it is worth.
	youngest = 100 * time.Millisecond
	// noticeEvery is how often it is looked for processes that came.
	noticeEvery = 200 * time.Millisecond
	// attachFor bounds how long one round may attach to those that came, so that
	// nobody waits for the source's lock: the others follow in the next one.
	attachFor = 10 * time.Millisecond
	// mostReads is of how many processes one round lists the interpreters; of
	// more, each is read less often.
	mostReads = 32
)

var errNoRoom = fmt.Errorf("not followed: the GILs of %d processes are already, and each makes the others' hits dearer", mostFollowed)

// count is how many processes' GILs are followed, by probes or by reading.
func (t *table) count() (n int) {
	for _, g := range t.list() {
		if g.links != nil || g.sampler != nil {
			n++
		}
	}
	return n
}

// attach begins to follow a process, if it has a GIL, or if it has none and
// parks. That it cannot is the probe's reason.
func (t *table) attach(p *target.Process, parks bool) {
	if !t.Asked || p.Gone != "" || p.Build == nil || p.Left != "" || !p.ExecSeen.IsZero() || parks && !p.Build.Python.Traits.FreeThreaded {
		return
	}
	g := t.of[p]
	if g == nil {
		g = &followed{Process: p, table: t}
		t.of[p] = g
	}
	if g.links != nil || g.sampler != nil {
		return
	}
	free, err := t.look(g)
	switch {
	case err != nil:
	case free != parks:
		return // it is the other probe's
	case parks:
		err = t.followWorld(g)
	default:
		err = t.follow(g)
	}
	t.conclude(g, err)
}

// attachEither begins to follow a process, whether it has a GIL or not.
func (t *table) attachEither(p *target.Process) {
	t.attach(p, false)
	t.attach(p, true)
}

// conclude notes how beginning to follow a process went.
func (t *table) conclude(g *followed, err error) {
	g.waiting = errors.Is(err, errNoRoom)
	g.early = t.isEarly(g, err)
	switch {
	case g.early:
		g.status, g.reason = collect.ProbeOff, "not followed yet: "+err.Error()
	case err == nil:
		g.status, g.reason = collect.ProbeOn, ""
		if !g.Asked && !t.Targets.Begun.IsZero() && g.since == "" && g.begun == "" {
			since := "followed from " + g.attached.Format("15:04:05.000") + " on: what it did before is not measured"
			if t.FromStart { // a command is counted from its first call: what is missing of its GIL is a part
				g.begun, g.begunAt = since, g.attached
			} else {
				g.since = since
			}
		}
	case g.waiting:
		g.status, g.reason = collect.ProbeOff, err.Error()
	default:
		g.status, g.reason = collect.ProbeFailed, err.Error()
	}
}

// isEarly tells whether what a process has not loaded yet is why its GIL cannot
// be followed: it is tried again.
func (t *table) isEarly(g *followed, err error) bool {
	switch {
	case err == nil, errors.Is(err, errNoRoom):
		return false
	case g.Asked:
		early := errors.Is(err, errNoConditions) && t.FromStart || errors.Is(err, inspect.ErrNotStarted)
		return early && time.Since(g.Since) < startGrace
	}
	return time.Since(g.Info.Start) < startGrace // it may exec, too, or end
}

// takeIn begins to follow processes that came, and those for which there is room now.
func (t *table) takeIn() {
	if t.opened() && (t.Children || t.All) && time.Since(t.noticed) >= noticeEvery {
		t.noticed = time.Now()
		_, _ = t.Targets.ReadStates() // the next poll says what is wrong
	}
	room := t.room - t.count()
	began := time.Now()
	for _, p := range t.Targets.Order {
		g := t.of[p]
		fresh := g == nil && !p.Asked && began.Sub(p.Info.Start) >= youngest
		if p.Gone != "" || p.Build == nil || p.Left != "" || !p.ExecSeen.IsZero() || p.Braked || !fresh && (g == nil || !g.waiting || room <= 0) {
			continue
		}
		if time.Since(began) > attachFor {
			return
		}
		if t.attachEither(p); t.of[p].links != nil {
			room--
		}
	}
}

// Round does what must be done often; it returns when the next is due.
func (l *GIL) Round() time.Duration {
	if !l.Asked {
		return probe.Forever
	}
	next := tick
	l.releaseConditions(time.Now())
	l.takeIn()
	apart, looking := l.apart(), l.looking()
	for _, g := range l.list() {
		if g.Gone != "" || g.HasEnded() {
			g.endLooks()
			g.stop()
			l.stopSampling(g)
			continue
		}
		if g.early && !g.Braked {
			l.attachEither(g.Process)
		}
		if g.world == nil {
			looked := g.lookingSince
			if l.keep(g, apart, looking < mostLooking); looked.IsZero() && !g.lookingSince.IsZero() {
				looking++
			}
		}
		if l.FromStart && g.Process.Asked && !g.started && g.world == nil && time.Since(g.Since) < time.Minute {
			next = startTick
		}
	}
	if l.opened() {
		_ = l.nameStacks()    // the next poll says what is wrong
		_ = l.noteLongWaits() // as well
	}
	return next
}

// looking is how many processes' probes look whether they can stay.
func (t *table) looking() (n int) {
	for _, g := range t.of {
		if !g.lookingSince.IsZero() {
			n++
		}
	}
	return n
}

// apart is how long there is between two looks for a process's interpreters.
func (t *table) apart() time.Duration {
	return tick * time.Duration((t.count()+mostReads-1)/mostReads)
}

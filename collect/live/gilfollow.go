package live

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect"
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

// followedGILs is how many processes' GILs are followed, by probes or by reading.
func (s *Source) followedGILs() (n int) {
	for _, p := range s.order {
		if g := p.gil; g != nil && (g.links != nil || g.light != nil) {
			n++
		}
	}
	return n
}

// attachGIL begins to follow a process's GIL. That it cannot is the probe's
// reason, not an error: its calls are counted all the same.
func (s *Source) attachGIL(p *process) {
	if !s.options.GIL || p.gone != "" || p.build == nil || p.left != "" || !p.execSeen.IsZero() {
		return
	}
	if p.gil == nil {
		p.gil = &gilProcess{}
	}
	g := p.gil
	if g.links != nil || g.light != nil {
		return
	}
	err := s.followGIL(p)
	g.waiting = errors.Is(err, errNoRoom)
	g.early = s.isEarly(p, err)
	switch {
	case g.early:
		g.status, g.reason = collect.ProbeOff, "not followed yet: "+err.Error()
	case err == nil:
		g.status, g.reason = collect.ProbeOn, ""
		if !p.asked && !s.since.IsZero() && g.since == "" {
			g.since = "followed from " + g.attached.Format("15:04:05.000") + " on: what it did before is not measured"
		}
	case g.waiting:
		g.status, g.reason = collect.ProbeOff, err.Error()
	default:
		g.status, g.reason = collect.ProbeFailed, err.Error()
	}
}

// isEarly tells whether what a process has not loaded yet is why its GIL cannot
// be followed: it is tried again.
func (s *Source) isEarly(p *process, err error) bool {
	switch {
	case err == nil, errors.Is(err, errNoRoom):
		return false
	case p.asked:
		early := errors.Is(err, errNoConditions) && s.options.FromStart || errors.Is(err, errNotStarted)
		return early && time.Since(p.attached) < startGrace
	}
	return time.Since(p.info.Start) < startGrace // it may exec, too, or end
}

// takeInGILs begins to follow the GILs of processes that came, and of those
// for which there is room now.
func (s *Source) takeInGILs() {
	if s.gil != nil && (s.options.Children || s.options.All) && time.Since(s.gil.noticed) >= noticeEvery {
		s.gil.noticed = time.Now()
		_, _ = s.readStates() // the next poll says what is wrong
	}
	room := 1 // to begin with
	if s.gil != nil {
		room = s.gil.room - s.followedGILs()
	}
	began := time.Now()
	for _, p := range s.order {
		fresh := p.gil == nil && !p.asked && began.Sub(p.info.Start) >= youngest
		if p.gone != "" || p.build == nil || p.left != "" || !p.execSeen.IsZero() || p.braked || !fresh && (p.gil == nil || !p.gil.waiting || room <= 0) {
			continue
		}
		if time.Since(began) > attachFor {
			return
		}
		if s.attachGIL(p); p.gil.links != nil {
			room--
		}
	}
}

// keepGILs is one round of what must be done often; it returns when the next is due.
func (s *Source) keepGILs() time.Duration {
	next := gilTick
	s.takeInGILs()
	looking, apart := 0, s.apart()
	for _, p := range s.order {
		g := p.gil
		if g == nil {
			continue
		}
		if p.gone != "" || p.hasEnded() {
			g.endLooks()
			g.stop()
			s.stopLight(p)
			continue
		}
		if g.early && !p.braked {
			s.attachGIL(p)
		}
		if !g.lookingSince.IsZero() {
			looking++
		}
		looked := g.lookingSince
		s.keepGILOf(p, apart, looking < mostLooking)
		if looked.IsZero() && !g.lookingSince.IsZero() {
			looking++
		}
		if s.options.FromStart && p.asked && !g.started && g.world == nil && time.Since(p.attached) < time.Minute {
			next = startTick
		}
	}
	if s.gil != nil {
		_ = s.nameStacks()    // the next poll says what is wrong
		_ = s.noteLongWaits() // as well
	}
	return next
}

// apart is how long there is between two looks for a process's interpreters.
func (s *Source) apart() time.Duration {
	return gilTick * time.Duration((s.followedGILs()+mostReads-1)/mostReads)
}

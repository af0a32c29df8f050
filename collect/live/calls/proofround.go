package calls

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"pytop/collect/proc"
)

// proving is the proof's present round.
type proving struct {
	round  uint64
	began  time.Time
	chosen []*process
	next   int // of the processes: whose turn it is
	proven int // functions of all processes, also of those that ended
}

// mostMissed is how many functions are remembered that were not counted.
const mostMissed = 1024

// settled is how long what was not counted is waited with: a program that notes
// that a hit is lost may be interrupted before it does.
const settled = 200 * time.Millisecond

// doubtful is a function that started in a round in which it was not counted,
// nor since.
type doubtful struct {
	name objectName
	lost uint64 // hits, as of the round's beginning
	at   time.Time
}

// compareHits compares a code object's hits, as read now, with those at the
// round's beginning, if it was seen to start since.
func (c *Calls) compareHits(o *object, hits uint64) {
	if o.round != c.proving.round {
		o.round, o.before = c.proving.round, o.hits
	}
	o.hits = hits
	if o.hits != o.before {
		c.counted(o.function, o.key.Code)
	}
}

// counted notes that a function's code object was counted in this round, if it
// was seen to start in it. A doubt from the round before is over then: whatever
// hid the count, it is not certain.
func (c *Calls) counted(f *function, code uint64) {
	p := f.of
	if p == nil || len(p.proof.started)+len(p.proof.doubts) == 0 {
		return
	}
	delete(p.proof.doubts, code)
	one := p.proof.started[code]
	if one == nil {
		return
	}
	one.counted = true
	if !f.proven {
		f.proven = true
		p.proven, c.proving.proven = p.proven+1, c.proving.proven+1
	}
}

// Polled judges a round of the proof when it is over, and begins the next; after a poll.
func (c *Calls) Polled() {
	if c.Targets.Begun.IsZero() || !c.Asked {
		return
	}
	r := &c.proving
	all := c.all()
	for _, p := range all {
		p.moved.look(p)
	}
	over := c.Shared.Polled.Sub(r.began) >= proofRound
	for _, p := range all {
		p.confirm(c.Shared.Polled)
	}
	for _, p := range r.chosen {
		if over || p.Gone != "" {
			p.doubt(c.Shared.Polled)
			p.confirm(c.Shared.Polled)
		}
	}
	if !over {
		return
	}
	r.round, r.began = r.round+1, c.Shared.Polled
	r.chosen = r.chosen[:0]
	for i := range all {
		n := (r.next + i) % len(all)
		p := all[n]
		if !p.provable() {
			continue
		}
		if len(r.chosen) == mostProven {
			r.next = n
			return
		}
		p.proof.cpu = p.CPU
		if p.begin(c) {
			r.chosen = append(r.chosen, p)
		}
	}
	r.next = 0
}

// provable tells whether it is worth looking at a process: it is counted, and
// has run since it was looked at last.
func (p *process) provable() bool {
	return p.links != nil && !p.uncounted && p.Gone == "" && p.Build != nil && !p.Stopped && (!p.CPUKnown || p.CPU != p.proof.cpu)
}

// doubt ends a process's part in a round: what started in it and was not
// counted is doubtful, unless that is said already.
func (p *process) doubt(now time.Time) {
	f := &p.proof
	started := f.started
	f.frames, f.started = nil, nil
	if f.of == nil || f.of != p.links || f.lost != p.hitsLost() {
		return
	}
	for code, one := range started {
		if one.counted || !one.pushed && p.switchesStacks() {
			continue
		}
		if f.doubts == nil {
			f.doubts = map[uint64]doubtful{}
		}
		f.doubts[code] = doubtful{one.name, f.lost, now}
	}
}

// confirm makes doubts certain when nothing has come up meanwhile that would
// explain them.
func (p *process) confirm(now time.Time) {
	f := &p.proof
	for code, d := range f.doubts {
		switch {
		case f.of != p.links || d.lost != p.hitsLost():
			delete(f.doubts, code)
		case p.Gone != "" || now.Sub(d.at) >= settled:
			delete(f.doubts, code)
			if p.missed == nil {
				p.missed = map[objectName]bool{}
			}
			if len(p.missed) < mostMissed {
				p.missed[d.name] = true
			}
		}
	}
}

// switchesStacks tells whether a process uses a library that brings back
// frames that were on no stack, or whether that is not known.
func (p *process) switchesStacks() bool {
	maps, err := proc.System().Maps(p.Info.PID)
	for _, m := range maps {
		if strings.Contains(filepath.Base(m.Path), "greenlet") {
			return true
		}
	}
	return err != nil
}

// missedWords says which functions were not counted. One is named: always the
// same while there are the same.
func missedWords(missed map[objectName]bool) string {
	var one objectName
	for name := range missed {
		if one == (objectName{}) || name.less(one) {
			one = name
		}
	}
	if len(missed) == 1 {
		return "1 function was seen running and was not counted then: " + one.words()
	}
	return fmt.Sprintf("%d functions were seen running and were not counted then, such as %s", len(missed), one.words())
}

func (n objectName) less(o objectName) bool {
	if n.file != o.file {
		return n.file < o.file
	}
	if n.line != o.line {
		return n.line < o.line
	}
	return n.function < o.function
}

// words is a function's name in a sentence: short, and without what a terminal
// would obey.
func (n objectName) words() string {
	const most = 80 // characters
	short := func(text string) string {
		text = strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return '?'
			}
			return r
		}, text)
		if r := []rune(text); len(r) > most {
			text = string(r[:most]) + "…"
		}
		return text
	}
	return fmt.Sprintf("%s (%s:%d)", short(n.function), short(filepath.Base(n.file)), n.line)
}

// provenWords says how many functions were seen running, and counted.
func provenWords(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", proven on 1 function seen running"
	}
	return fmt.Sprintf(", proven on %d functions seen running", n)
}

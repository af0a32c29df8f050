package gil

import (
	"fmt"
	"strings"
	"time"

	"pytop/collect"
	"pytop/collect/live/words"
)

// statusOf says how true what is said of a GIL is.
func (g *followed) statusOf(o *object) collect.GILStatus {
	switch {
	case o.sampledBy.measured > 0:
		return collect.GILSampled
	case g.links == nil && o.measured == 0:
		return collect.GILOff
	case g.weak() != "":
		return collect.GILLowerBound
	}
	return collect.GILExact
}

// weak says what is missing or wrong; empty: nothing.
func (g *followed) weak() string { return words.Join(g.faults(), g.begun) }

// wholeFrom is from when on nothing is missing or wrong; zero: at no time.
func (g *followed) wholeFrom() (from time.Time) {
	if g.faults() == "" {
		from = g.begunAt
	}
	return from
}

// faults says what the self-check found wrong, and what was lost since the GIL
// is followed; empty: nothing.
func (g *followed) faults() string {
	var why []string
	say := func(n uint64, format string) {
		if n > 0 {
			why = append(why, fmt.Sprintf(format, n))
		}
	}
	var disorder, wrong, takes, drops, died, missed uint64
	for _, o := range g.gils {
		n, d := &o.now, &o.done
		disorder += n.Disorder + d.Disorder
		wrong += n.WrongLocked + d.WrongLocked
		takes, drops, died = takes+n.Takes+d.Takes, drops+n.Drops+d.Drops, died+n.Died+d.Died
		if !o.shared && n.Number > n.NumberSwitches {
			missed += n.Number - n.NumberSwitches
		}
	}
	say(disorder, "%d takes or drops came out of turn")
	say(wrong, "CPython's own field disagreed %d times about whether it was held")
	say(missed, "switch_number moved by %d more than threads changed (also where a thread changes its thread state)")
	say(g.now.Lost+g.done.Lost, "%d events of threads for which there was no room")
	for _, w := range g.worlds {
		say(w.now.Lost+w.done.Lost, "%d waits whose end was not seen, or for which there was no room")
		if w.rests > 0 && !w.resting {
			why = append(why, "for a time probes were out, as they cost too much: what was waited then is in no total")
		}
	}
	say(g.now.LostPairs+g.done.LostPairs, "%d switches for whose pair there was no room")
	say(g.now.LostBlame+g.done.LostBlame, "%d steps of waits for whose stack there was no room")
	if g.back != "" {
		why = append(why, g.back)
	}
	if g.late {
		why = append(why, "what interpreters that began later did before pytop found them is not counted")
	}
	return strings.Join(why, "; ")
}

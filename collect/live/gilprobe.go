package live

import (
	"fmt"
	"strings"
	"time"

	"pytop/collect"
)

// gilOf is what is said of a process's GIL, but for what was measured.
func (s *Source) gilOf(p *process) (is collect.ProcessGIL) {
	g := p.gil
	switch {
	case !s.options.GIL || p.build == nil:
		return is
	case p.endedUnfollowed():
		is.Reason = "it ended before it was followed"
	case g == nil && p.braked:
		is.Reason = p.reason
	case g == nil:
		is.Reason = "not followed yet"
	case g.world != nil:
		is.None, is.Reason = true, joined([]string{"it runs free-threaded: there is no GIL", g.reason, g.weak(), g.since})
	case g.status == collect.ProbeOn && !g.started:
		is.Reason = "no interpreter was found in it"
	case g.status == collect.ProbeOn && g.light != nil:
		is.Status, is.Reason = collect.GILSampled, g.reason
	case g.status == collect.ProbeOn && g.sampled() > 0: // as of each of its GILs
		is.Status, is.Reason = collect.GILSampled, joined([]string{"its fields were read for a time: totals have a hole", g.weak()})
	case g.status == collect.ProbeOn && g.weak() != "":
		is.Status, is.Reason = collect.GILLowerBound, g.weak()
	case g.status == collect.ProbeOn:
		is.Status = collect.GILExact
	default:
		is.Reason = g.reason
	}
	if is.Status == "" {
		is.Status = collect.GILOff
	} else {
		is.Reason = joined([]string{is.Reason, g.stays, g.since})
	}
	return is
}

// sampled is for how long a process's GILs' fields were read instead.
func (g *gilProcess) sampled() (longest time.Duration) {
	for _, o := range g.gils {
		longest = max(longest, o.light.measured)
	}
	return longest
}

// endedUnfollowed tells whether a process ended before its GIL was followed, or
// while pytop attached.
func (p *process) endedUnfollowed() bool {
	g := p.gil
	if p.gone == "" || p.build == nil {
		return false
	}
	return g == nil || len(g.gils)+len(g.worlds) == 0 && !g.waiting
}

// addGIL adds one of the GILs of a process to what is said of it.
func addGIL(to *collect.ProcessGIL, one *collect.GILReading) {
	if one.Held > to.Held || to.Measured == 0 {
		to.Held, to.Measured = one.Held, one.Measured
	}
}

// numbered is how many there are, and the words for one or for several.
func numbered(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// joined makes one sentence of those that say something.
func joined(words []string) string {
	var list []string
	for _, one := range words {
		list = appendNew(list, one)
	}
	return strings.Join(list, "; ")
}

// mostWords is how many different sentences a probe says of its processes.
const mostWords = 3

// few is the first of many sentences: each process has its own among its words.
func few(words []string) string {
	if more := len(words) - mostWords; more > 1 {
		words = append(words[:mostWords:mostWords], fmt.Sprintf("and %d more, said of each process", more))
	}
	return strings.Join(words, "; ")
}

// gilProbe says how GILs are followed, and whether they are.
func (s *Source) gilProbe() collect.Probe {
	probe := collect.Probe{Name: "gil", Status: collect.ProbeOff}
	past := &s.past.gil
	var methods, reasons []string
	takes, drops, checks := past.takes, past.drops, past.checks
	for _, p := range s.order {
		g := p.gil
		if g == nil {
			continue
		}
		switch {
		case g.status == collect.ProbeOn || p.gone != "" && len(g.gils)+len(g.worlds) > 0:
			probe.Status = collect.ProbeOn
		case g.status == collect.ProbeFailed && probe.Status != collect.ProbeOn:
			probe.Status = collect.ProbeFailed
		}
		probe.Hits += g.spent + g.hitsNow()
		probe.Lost += g.now.Lost + g.done.Lost
		probe.Cost += p.gilTax + p.gilTail
		t, d, c := g.checked()
		takes, drops, checks = takes+t, drops+d, checks+c
		if p.endedUnfollowed() {
			continue // how many there were is said of all
		}
		methods = appendNew(methods, s.gilMethod(p))
		reasons = appendNew(reasons, g.reason)
		reasons = appendNew(reasons, g.stays)
		reasons = appendNew(reasons, g.weak())
	}
	probe.Hits, probe.Lost, probe.Cost = probe.Hits+past.hits, probe.Lost+past.lost, probe.Cost+past.cost
	if probe.Status == collect.ProbeOff && past.followed > 0 && s.brake == "" {
		probe.Status = collect.ProbeOn // for those that come
	}
	methods = []string{few(methods)}
	if takes > 0 {
		methods = append(methods, fmt.Sprintf("%d takes, %d drops, %d times compared with CPython's own fields", takes, drops, checks))
	}
	probe.Method, probe.Reason = joined(methods), joined(append(s.gilWords(), few(reasons)))
	return probe
}

// gilWords is what is to be said of many processes together.
func (s *Source) gilWords() (list []string) {
	waiting, late := 0, s.past.gil.unfollowed
	for _, p := range s.order {
		switch {
		case p.gil != nil && p.gil.waiting && p.gone == "":
			waiting++
		case p.endedUnfollowed():
			late++
		}
	}
	if late > 0 {
		list = append(list, numbered(late, "process ended before its GIL was followed", "processes ended before their GIL was followed")+
			fmt.Sprintf(" (they must live for %v, and are looked for every %v): not measured", youngest, noticeEvery))
	}
	if waiting > 0 {
		list = append(list, fmt.Sprintf("%s not followed: there is room for %d", numbered(waiting, "process is", "processes are"), mostFollowed))
	}
	if n := s.past.gil.weak; n > 0 {
		list = append(list, numbered(n, "process", "processes")+" that ended said that not all was seen")
	}
	if apart := s.apart(); apart > gilTick {
		list = append(list, fmt.Sprintf("with so many processes their interpreters are listed every %v", apart))
	}
	return list
}

// gilMethod is how a process's GIL is followed; empty: not at all.
func (s *Source) gilMethod(p *process) string {
	g := p.gil
	if g.world != nil {
		return g.worldMethod(p)
	}
	if g.conditions == nil || p.build.gil == nil || g.waiting {
		return ""
	}
	if g.light != nil {
		return fmt.Sprintf("its fields are read %.0f times a second", 1/g.light.step().Seconds())
	}
	return fmt.Sprintf("%s, a hold includes ~%.1f µs of the probe", g.probed().where(), 1e6*p.gilPrice().PerSecond(1))
}

// checked is what the self-check compared.
func (g *gilProcess) checked() (takes, drops, checks uint64) {
	for _, o := range g.gils {
		takes, drops, checks = takes+o.now.Takes+o.done.Takes, drops+o.now.Drops+o.done.Drops, checks+o.now.Checks+o.done.Checks
	}
	return takes, drops, checks
}

// hitsNow is how often probes were hit since they were attached.
func (g *gilProcess) hitsNow() uint64 {
	hits := g.now.Other
	for _, o := range g.gils {
		hits += o.now.Takes + o.now.Drops + o.now.Forced + o.now.Steps
	}
	return hits
}

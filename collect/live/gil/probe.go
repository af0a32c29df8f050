package gil

import (
	"fmt"
	"slices"
	"time"

	"pytop/collect"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
)

// says is what is said of a process's GIL, but for what was measured.
func (t *table) says(p *target.Process) (is collect.ProcessGIL) {
	g := t.of[p]
	switch {
	case !t.Asked || p.Build == nil:
		return is
	case t.endedUnfollowed(p):
		is.Reason = "it ended before it was followed"
	case g == nil && p.Braked:
		is.Reason = t.Shared.Brake
	case g == nil:
		is.Reason = "not followed yet"
	case g.world != nil:
		is.None, is.From, is.Reason = true, g.wholeFrom(), words.Join("it runs free-threaded: there is no GIL", g.reason, g.weak(), g.since)
	case p.Gone != "" && !p.Braked && g.wasFollowed() && (g.status == collect.ProbeOff || !g.started): // it exec'd, and ended before it was followed anew
		is.Status, is.Reason = collect.GILLowerBound, words.Join(execed, g.weak())
	case g.status == collect.ProbeOn && !g.started:
		is.Reason = "no interpreter was found in it"
	case g.status == collect.ProbeOn && g.sampler != nil:
		is.Status, is.Reason = collect.GILSampled, g.reason
	case g.status == collect.ProbeOn && g.sampled() > 0: // as of each of its GILs
		is.Status, is.Reason = collect.GILSampled, words.Join("its fields were read for a time: totals have a hole", g.weak())
	case g.status == collect.ProbeOn && g.weak() != "":
		is.Status, is.From, is.Reason = collect.GILLowerBound, g.wholeFrom(), g.weak()
	case g.status == collect.ProbeOn:
		is.Status = collect.GILExact
	default:
		is.Reason = g.reason
	}
	if is.Status == "" {
		is.Status = collect.GILOff
	} else {
		is.Reason = words.Join(is.Reason, g.stays, g.since)
	}
	return is
}

// sampled is for how long a process's GILs' fields were read instead.
func (g *followed) sampled() (longest time.Duration) {
	for _, o := range g.gils {
		longest = max(longest, o.sampledBy.measured)
	}
	return longest
}

// endedUnfollowed tells whether a process ended before it was followed, or while
// pytop attached.
func (t *table) endedUnfollowed(p *target.Process) bool {
	if p.Gone == "" || p.Build == nil {
		return false
	}
	g := t.of[p]
	return g == nil || !g.wasFollowed() && !g.waiting
}

// wasFollowed tells whether a GIL of a process was followed, or its waits without
// one: also of a program that it ran before.
func (g *followed) wasFollowed() bool {
	return len(g.worlds) > 0 || slices.ContainsFunc(g.gils, func(o *object) bool { return o.active || o.measured+o.sampledBy.measured > 0 })
}

// account says how processes are followed that have a GIL, or that have none and
// park, and whether they are.
func (t *table) account(parks bool) (probe collect.Probe, methods []string) {
	probe.Status = collect.ProbeOff
	var reasons []string
	for _, g := range t.list() {
		if (g.world != nil) != parks {
			continue
		}
		switch {
		case g.status == collect.ProbeOn || g.Gone != "" && len(g.gils)+len(g.worlds) > 0:
			probe.Status = collect.ProbeOn
		case g.status == collect.ProbeFailed && probe.Status != collect.ProbeOn:
			probe.Status = collect.ProbeFailed
		}
		probe.Hits += g.spent + g.hitsNow()
		probe.Lost += g.now.Lost + g.done.Lost
		probe.Cost += g.Accounts[t.Index].All()
		if t.endedUnfollowed(g.Process) {
			continue // how many there were is said of all
		}
		methods = words.Append(methods, g.method())
		reasons = words.Append(reasons, g.reason)
		reasons = words.Append(reasons, g.stays)
		reasons = words.Append(reasons, g.weak())
	}
	probe.Reason = words.Few(reasons)
	return probe, []string{words.Few(methods)}
}

// probe says how GILs are followed, and whether they are.
func (l *GIL) probe() collect.Probe {
	probe, methods := l.account(false)
	ended := &l.ended
	probe.Hits, probe.Lost, probe.Cost = probe.Hits+ended.hits, probe.Lost+ended.lost, probe.Cost+ended.cost
	if probe.Status == collect.ProbeOff && ended.followed > 0 && l.Shared.Brake == "" {
		probe.Status = collect.ProbeOn // for those that come
	}
	takes, drops, checks := ended.takes, ended.drops, ended.checks
	for _, g := range l.list() {
		t, d, c := g.checked()
		takes, drops, checks = takes+t, drops+d, checks+c
	}
	if takes > 0 {
		methods = append(methods, fmt.Sprintf("%d takes, %d drops, %d times compared with CPython's own fields", takes, drops, checks))
	}
	probe.Method, probe.Reason = words.Join(methods...), words.Join(append(l.words(), probe.Reason)...)
	return probe
}

// words is what is to be said of many processes together.
func (t *table) words() (list []string) {
	waiting, late := 0, t.ended.unfollowed
	for _, p := range t.Targets.Order {
		g := t.of[p]
		switch {
		case g != nil && g.waiting && p.Gone == "":
			waiting++
		case t.endedUnfollowed(p):
			late++
		}
	}
	if late > 0 {
		list = append(list, words.Number(late, "process ended before its GIL was followed", "processes ended before their GIL was followed")+
			fmt.Sprintf(" (they must live for %v, and are looked for every %v): not measured", youngest, noticeEvery))
	}
	if waiting > 0 {
		list = append(list, fmt.Sprintf("%s not followed: there is room for %d", words.Number(waiting, "process is", "processes are"), mostFollowed))
	}
	if n := t.ended.weak; n > 0 {
		list = append(list, words.Number(n, "process", "processes")+" that ended said that not all was seen")
	}
	if apart := t.apart(); apart > tick {
		list = append(list, fmt.Sprintf("with so many processes their interpreters are listed every %v", apart))
	}
	return list
}

// method is how a process is followed; empty: not at all.
func (g *followed) method() string {
	if g.world != nil {
		return g.build().parkingMethod()
	}
	if g.conditions == nil || g.build().gil == nil || g.waiting {
		return ""
	}
	if g.sampler != nil {
		return fmt.Sprintf("its fields are read %.0f times a second", 1/g.sampler.step().Seconds())
	}
	return fmt.Sprintf("%s, a hold includes ~%.1f µs of the probe", g.probed().where(), 1e6*g.price().PerSecond(1))
}

// checked is what the self-check compared.
func (g *followed) checked() (takes, drops, checks uint64) {
	for _, o := range g.gils {
		takes, drops, checks = takes+o.now.Takes+o.done.Takes, drops+o.now.Drops+o.done.Drops, checks+o.now.Checks+o.done.Checks
	}
	return takes, drops, checks
}

// hitsNow is how often probes were hit since they were attached.
func (g *followed) hitsNow() uint64 {
	hits := g.now.Other
	for _, o := range g.gils {
		hits += o.now.Takes + o.now.Drops + o.now.Forced + o.now.Steps
	}
	return hits
}

package calls

import (
	"maps"
	"strings"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/target"
	"pytop/collect/live/words"
)

// ReadProcess adds how a process's calls are counted, and how many there were.
func (c *Calls) ReadProcess(of *target.Process, r *collect.ProcessReading) (measured bool) {
	p := c.process(of)
	r.OverBudget, r.Counted = p.overBudget, p.countedUntil(c.Shared.Polled)
	r.Calls, r.Resumes = kernelmap.Less(p.total.calls, p.zero.calls), kernelmap.Less(p.total.resumes, p.zero.resumes)
	if p.Build != nil {
		r.TaxKnown, r.Method = p.build().price.known(), p.Build.Method()+provenWords(p.proven)
	}
	r.Status, r.Reason = p.status(c.Functions)
	return p.total != (counts{})
}

// Read adds the functions, and what was lost of their calls.
func (c *Calls) Read(r *collect.Reading) collect.Probe {
	r.Codes, r.Focus, r.Lost = c.functions.reading(), c.focus, c.lost()
	if c.focus != 0 {
		r.ByThread = c.byThread()
	}
	return c.probe()
}

// lost sums what was lost over all processes, by cause.
func (c *Calls) lost() []collect.Loss {
	sum := c.ended.lost
	for _, p := range c.all() {
		for i := range sum {
			sum[i] += p.Lost(i)
		}
	}
	return []collect.Loss{
		{Cause: "map_full", Text: "calls of functions for which the map had no room", Count: sum[bpf.LostFull] + sum[bpf.LostGoneFull]},
		{Cause: "unreadable", Text: "hits whose frame could not be read", Count: sum[bpf.LostUnreadable]},
		{Cause: "not_code", Text: "hits that held no code object", Count: sum[bpf.LostNotCode]},
		{Cause: "names", Text: "functions whose name could not be had", Count: c.namesLost},
		{Cause: "processes", Text: "calls of processes for which the map had no room, as many at least", Count: c.Targets.Missed()},
	}
}

// probe says how calls are counted, and whether they are.
func (c *Calls) probe() collect.Probe {
	probe := collect.Probe{Status: collect.ProbeOff}
	var methods, reasons []string
	if !c.Asked {
		return probe
	}
	payers, missed := 0, map[objectName]bool{}
	for _, p := range c.all() {
		if p.Build == nil {
			continue
		}
		payers += p.Payers
		if !p.off() {
			probe.Status = collect.ProbeOn
		} else if p.failed && p.Gone == "" && probe.Status != collect.ProbeOn {
			probe.Status = collect.ProbeFailed
		}
		probe.Hits += p.spent.calls + p.spent.resumes + p.spent.other
		for i := range p.State.Lost {
			if i != bpf.LostNames {
				probe.Lost += p.Lost(i)
			}
		}
		probe.Cost += p.Accounts[c.Index].All()
		methods = words.Append(methods, p.Build.Method())
		reasons = words.Append(reasons, p.reason)
		reasons = words.Append(reasons, p.Build.Weak())
		maps.Copy(missed, p.missed)
	}
	if len(missed) > 0 {
		reasons = append(reasons, missedWords(missed))
	}
	probe.Hits, probe.Lost, probe.Cost = probe.Hits+c.ended.hits, probe.Lost+c.ended.hitsLost, probe.Cost+c.ended.cost
	reasons = append(append(reasons, c.Targets.Words()...), c.sharedWords(payers)...)
	probe.Method, probe.Reason = strings.Join(methods, "; ")+provenWords(c.proving.proven), strings.Join(reasons, "; ")
	return probe
}

// sharedWords says what others pay for the probes.
func (c *Calls) sharedWords(payers int) (list []string) {
	shared := false
	for _, b := range c.builds {
		shared = shared || b.shared != nil
	}
	if shared && !c.All {
		list = append(list, "attached to the file, so that children are counted from their first call: its other processes pay for the breakpoints too")
	}
	if payers > 0 {
		list = append(list, words.Number(payers, "child has inherited the breakpoints and pays", "children have inherited the breakpoints and pay")+" for them, uncounted (--children counts them)")
	}
	return list
}

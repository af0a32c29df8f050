package live

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/proc"
)

// reading is what the last poll found.
func (s *Source) reading() *collect.Reading {
	r := &collect.Reading{Time: s.polled, Since: s.since, Host: s.host, Focus: s.focus, Lost: s.lost(), Self: s.self(), Past: s.past.rows, PastMore: s.past.more}
	r.Codes = s.functions.reading()
	living := s.following.living
	for _, p := range s.order {
		if p.gone == "" && (p.build != nil || p.ancestor) {
			living++
		}
		if p.wraps() {
			continue
		}
		row := p.reading(s.polled, s.options.Functions)
		row.GIL = s.gilOf(p)
		r.Processes = append(r.Processes, row)
	}
	if living == 0 && !s.options.All {
		r.Final, r.EndReason = true, endReason(s.order, s.past.watched, s.polled)
	}
	r.Probes = []collect.Probe{s.callsProbe()}
	s.readGIL(r)
	if s.focus != 0 {
		r.ByThread = s.byThread()
	}
	return r
}

// endReason says what has ended: of order, and of those that were dropped.
func endReason(order []*process, dropped int, at time.Time) string {
	counted := order[:0:0]
	for _, p := range order {
		if p.build != nil {
			counted = append(counted, p)
		}
	}
	if len(counted)+dropped > 0 { // else there is what they descended from
		order = counted
	}
	switch {
	case len(order) == 0 && dropped == 1:
		return "the process that was watched ended at " + at.Format("15:04:05")
	case len(order) == 1 && dropped == 0:
		return fmt.Sprintf("process %d %s at %s", order[0].info.PID, order[0].gone, at.Format("15:04:05"))
	}
	return fmt.Sprintf("all %d processes ended, the last at %s", len(order)+dropped, at.Format("15:04:05"))
}

// lost sums what was lost over all processes, by cause.
func (s *Source) lost() []collect.Loss {
	sum := s.past.lost
	for _, p := range s.order {
		for i := range sum {
			sum[i] += p.lost(i)
		}
	}
	return []collect.Loss{
		{Cause: "map_full", Text: "calls of functions for which the map had no room", Count: sum[bpf.LostFull] + sum[bpf.LostGoneFull]},
		{Cause: "unreadable", Text: "hits whose frame could not be read", Count: sum[bpf.LostUnreadable]},
		{Cause: "not_code", Text: "hits that held no code object", Count: sum[bpf.LostNotCode]},
		{Cause: "names", Text: "functions whose name could not be had", Count: s.namesLost},
		{Cause: "processes", Text: "calls of processes for which the map had no room, as many at least", Count: s.following.missed},
	}
}

func (s *Source) self() collect.Self {
	cpu, memory, err := proc.System().Usage()
	if err != nil {
		return collect.Self{}
	}
	return collect.Self{CPU: cpu, Memory: memory, Maps: s.maps.Memory()}
}

// callsProbe says how calls are counted, and whether they are.
func (s *Source) callsProbe() collect.Probe {
	probe := collect.Probe{Name: "calls", Status: collect.ProbeOff}
	var methods, reasons []string
	if s.options.NoCalls {
		probe.Reason = notAsked
		return probe
	}
	payers, missed := 0, map[objectName]bool{}
	for _, p := range s.order {
		if p.build == nil {
			continue
		}
		payers += p.payers
		if !p.off() {
			probe.Status = collect.ProbeOn
		} else if p.failed && p.gone == "" && probe.Status != collect.ProbeOn {
			probe.Status = collect.ProbeFailed
		}
		probe.Hits += p.spent.calls + p.spent.resumes + p.spent.other
		for i := range p.state.Lost {
			if i != bpf.LostNames {
				probe.Lost += p.lost(i)
			}
		}
		probe.Cost += p.tax + p.tail
		methods = appendNew(methods, p.build.method())
		reasons = appendNew(reasons, p.reason)
		reasons = appendNew(reasons, p.build.weak())
		maps.Copy(missed, p.missed)
	}
	if len(missed) > 0 {
		reasons = append(reasons, missedWords(missed))
	}
	probe.Hits, probe.Lost, probe.Cost = probe.Hits+s.past.hits, probe.Lost+s.past.hitsLost, probe.Cost+s.past.cost
	reasons = append(reasons, s.following.words(s, payers)...)
	probe.Method, probe.Reason = strings.Join(methods, "; ")+provenWords(s.proving.proven), strings.Join(reasons, "; ")
	return probe
}

func appendNew(list []string, text string) []string {
	for _, have := range list {
		if have == text {
			return list
		}
	}
	if text == "" {
		return list
	}
	return append(list, text)
}

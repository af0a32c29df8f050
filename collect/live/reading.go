package live

import (
	"fmt"
	"time"

	"pytop/collect"
	"pytop/collect/live/target"
	"pytop/collect/proc"
)

// reading is what the last poll found.
func (s *Source) reading() *collect.Reading {
	ended := &s.targets.Ended
	r := &collect.Reading{Time: s.shared.Polled, Since: s.targets.Begun, Host: s.host, Self: s.self(), Past: ended.Rows, PastMore: ended.More}
	for _, p := range s.targets.Order {
		if p.Wraps() {
			continue
		}
		row, _ := s.probes.ReadProcess(p)
		r.Processes = append(r.Processes, row)
	}
	if s.targets.Living() == 0 && !s.options.All {
		r.Final, r.EndReason = true, endReason(s.targets.Order, ended.Watched, s.shared.Polled)
	}
	s.probes.read(r)
	return r
}

// endReason says what has ended: of order, and of those that were dropped.
func endReason(order []*target.Process, dropped int, at time.Time) string {
	counted := order[:0:0]
	for _, p := range order {
		if p.Build != nil {
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
		return fmt.Sprintf("process %d %s at %s", order[0].Info.PID, order[0].Gone, at.Format("15:04:05"))
	}
	return fmt.Sprintf("all %d processes ended, the last at %s", len(order)+dropped, at.Format("15:04:05"))
}

func (s *Source) self() collect.Self {
	cpu, memory, err := proc.System().Usage()
	if err != nil {
		return collect.Self{}
	}
	return collect.Self{CPU: cpu, Memory: memory, Maps: s.maps.Memory()}
}

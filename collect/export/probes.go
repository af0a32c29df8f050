package export

import "pytop/collect"

type probeJSON struct {
	Name   string   `json:"name"`
	Status string   `json:"status"`
	Method *string  `json:"method"`
	Reason *string  `json:"reason"`
	Hits   *uint64  `json:"hits"`
	Lost   *uint64  `json:"lost"`
	Cost   *float64 `json:"cost_s"`
}

var probesSection = section{
	name:  "probes",
	value: func(s *collect.Snapshot) any { return probesOf(s) },
}

func probesOf(s *collect.Snapshot) []probeJSON {
	rows := make([]probeJSON, len(s.Probes))
	for i := range s.Probes {
		p := &s.Probes[i]
		row := probeJSON{
			Name: text(p.Name), Status: string(p.Status), Method: words(text(p.Method)), Reason: words(text(p.Reason)),
		}
		if p.Status == collect.ProbeOn || p.Hits > 0 || p.Lost > 0 {
			row.Hits, row.Lost = &p.Hits, &p.Lost
		}
		if p.Cost > 0 || p.Status == collect.ProbeOn && p.Hits == 0 {
			row.Cost = seconds(p.Cost)
		}
		rows[i] = row
	}
	return rows
}

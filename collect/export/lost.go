package export

import "pytop/collect"

var lostSection = section{
	name:  "lost",
	value: func(s *collect.Snapshot) any { return lostOf(s) },
}

// lostOf sums what was lost by cause.
func lostOf(s *collect.Snapshot) map[string]uint64 {
	lost := make(map[string]uint64, len(s.Lost))
	for _, l := range s.Lost {
		lost[text(l.Cause)] += l.Count
	}
	return lost
}

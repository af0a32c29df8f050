package collect

// Folded is what rows of prev had that are gone from cur, where another row
// stands for them now (Code.More), by that one's ID. What such a row has grown by
// is what it has more than it and they had together. Both lists are in ascending ID.
func Folded(prev, cur []CodeCount) map[uint64]Totals {
	more := map[processKey]uint64{}
	for _, c := range cur {
		if c.Code.More {
			more[processKey{c.Code.PID, c.Code.Start}] = c.Code.ID
		}
	}
	if len(more) == 0 {
		return nil
	}
	sums := map[uint64]Totals{}
	for _, p := range prev {
		for len(cur) > 0 && cur[0].Code.ID < p.Code.ID {
			cur = cur[1:]
		}
		if len(cur) > 0 && cur[0].Code.ID == p.Code.ID {
			continue
		}
		if id, ok := more[processKey{p.Code.PID, p.Code.Start}]; ok {
			sum := sums[id]
			sum.Calls += p.Calls
			sum.Resumes += p.Resumes
			sums[id] = sum
		}
	}
	return sums
}

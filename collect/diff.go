package collect

import "time"

// Diff makes the snapshot that lies between two readings of one source. With
// a nil prev it is the first: totals without rates. What each probe measured is
// its kind's to compare.
func Diff(prev, cur *Reading, seq int) *Snapshot {
	s := &Snapshot{
		Time: cur.Time, Since: cur.Since, Seq: seq, Final: cur.Final, EndReason: cur.EndReason, Host: cur.Host,
		Past: cur.Past, Probes: cur.Probes, Lost: cur.Lost,
		Self: SelfRow{Memory: cur.Self.Memory, Maps: cur.Self.Maps},
	}
	if prev == nil {
		prev = &Reading{Time: cur.Since}
	} else {
		s.Interval = cur.Time.Sub(prev.Time)
		s.Self.CPUShare = share(cur.Self.CPU-prev.Self.CPU, s.Interval)
	}
	s.Processes = diffProcesses(prev.Processes, cur.Processes, s.Interval)
	for i := range Kinds {
		if Kinds[i].Diff != nil {
			Kinds[i].Diff(prev, cur, s)
		}
	}
	return s
}

// grown is cur-prev; 0 when a hit read before it was undone made prev larger.
func grown(prev, cur uint64) uint64 {
	if cur < prev {
		return 0
	}
	return cur - prev
}

// enough is the part of an interval that was measured; 0 when that is so little
// that it says nothing of the interval: the moment after probes came back.
func enough(measured, interval time.Duration) time.Duration {
	if measured < min(interval/2, 50*time.Millisecond) {
		return 0
	}
	return measured
}

func perSecond(n uint64, in time.Duration) float64 {
	if in <= 0 {
		return 0
	}
	return float64(n) / in.Seconds()
}

// share of whole that part is, 0 or more.
func share(part, whole time.Duration) float64 {
	if whole <= 0 || part <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

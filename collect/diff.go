package collect

import "time"

// Diff makes the snapshot that lies between two readings of one source. With
// a nil prev it is the first: totals without rates.
func Diff(prev, cur *Reading, seq int) *Snapshot {
	s := &Snapshot{
		Time: cur.Time, Since: cur.Since, Seq: seq, Final: cur.Final, EndReason: cur.EndReason,
		Host: cur.Host, Focus: cur.Focus, ByThread: cur.ByThread, Probes: cur.Probes, Lost: cur.Lost,
		Self: SelfRow{Memory: cur.Self.Memory, Maps: cur.Self.Maps},
	}
	if prev == nil {
		prev = &Reading{Time: cur.Since}
	} else {
		s.Interval = cur.Time.Sub(prev.Time)
		s.Self.CPUShare = share(cur.Self.CPU-prev.Self.CPU, s.Interval)
	}
	s.Past = cur.Past
	for _, p := range cur.Past {
		s.Totals.Calls += p.Calls
		s.Totals.Resumes += p.Resumes
	}
	s.Totals.Calls += cur.PastMore.Calls
	s.Totals.Resumes += cur.PastMore.Resumes
	s.Processes = diffProcesses(prev.Processes, cur.Processes, cur.Time, s.Interval)
	for _, p := range s.Processes {
		s.Totals.Calls += p.Calls
		s.Totals.Resumes += p.Resumes
		s.Totals.CallsDelta += p.CallsDelta
		s.Totals.ResumesDelta += p.ResumesDelta
		s.Totals.CallsPerS += p.CallsPerS
		s.Totals.ResumesPerS += p.ResumesPerS
	}
	interval := s.Interval
	if interval == 0 {
		interval = cur.Time.Sub(cur.Since)
	}
	if cur.GILs != nil {
		s.GILs = diffGILs(prev.GILs, cur.GILs, interval)
	}
	holdProcesses(s.Processes, s.GILs)
	if cur.Worlds != nil {
		s.Worlds = diffWorlds(prev.Worlds, cur.Worlds, interval)
	}
	if cur.Threads != nil {
		s.Threads = diffThreads(prev.Threads, cur.Threads, s.GILs, s.Worlds, interval)
		addWaits(s.Worlds, s.Threads)
	}
	s.Functions = diffCodes(prev.Codes, cur.Codes, s.Processes, s.Totals.CallsDelta)
	blameFunctions(s.Functions, s.GILs)
	return s
}

// processKey tells processes apart: Process is another one after an exec, while
// its counts go on, and a PID may be two processes' in one interval.
type processKey struct {
	pid   int
	start time.Time
}

func diffProcesses(prev, cur []ProcessReading, now time.Time, interval time.Duration) []ProcessRow {
	before := make(map[processKey]ProcessReading, len(prev))
	for _, p := range prev {
		before[processKey{p.Process.PID, p.Process.Start}] = p
	}
	rows := make([]ProcessRow, len(cur))
	for i, p := range cur {
		b := before[processKey{p.Process.PID, p.Process.Start}]
		r := ProcessRow{ProcessReading: p, CallsDelta: grown(b.Calls, p.Calls), ResumesDelta: grown(b.Resumes, p.Resumes)}
		r.CountedDelta = enough(countedPart(b, p, now, interval), interval)
		r.Counting = r.CountedDelta > 0
		r.CallsPerS = perSecond(r.CallsDelta, r.CountedDelta)
		r.ResumesPerS = perSecond(r.ResumesDelta, r.CountedDelta)
		silent := p.State == Ended && p.CPU == b.CPU // it ran, and how long is not known
		if b.Process != nil && p.CPUKnown && b.CPUKnown && p.TaxKnown && !silent {
			r.TaxShare, r.TaxKnown = min(1, share(p.Tax-b.Tax, p.CPU-b.CPU)), true
		} else {
			r.TaxKnown = false
		}
		if b.Process != nil && p.CPUKnown && b.CPUKnown && !silent && interval > 0 {
			r.CPUShare, r.CPUShareKnown = share(p.CPU-b.CPU, interval), true
		}
		rows[i] = r
	}
	return rows
}

// countedPart is CountedDelta. A process that was not there before made no
// calls until it started: of the interval the same share was counted as of its
// life. Else one that lived for milliseconds would have a rate of thousands a
// second, and a sum of such rates would be none. Nor does one make any after its
// end, so that this counts as counted.
func countedPart(prev, cur ProcessReading, now time.Time, interval time.Duration) time.Duration {
	counted := cur.Counted - prev.Counted
	if cur.State == Ended && counted > 0 {
		return interval
	}
	life := max(counted, now.Sub(cur.Process.Start))
	if prev.Process != nil || life >= interval {
		return counted
	}
	return time.Duration(share(counted, life) * float64(interval))
}

// diffCodes walks both lists in step: they are in ascending ID.
func diffCodes(prev, cur []CodeCount, processes []ProcessRow, all uint64) []FunctionRow {
	byKey := make(map[processKey]*ProcessRow, 2*len(processes))
	for i := range processes {
		p := processes[i].Process
		byKey[processKey{p.PID, p.Start}] = &processes[i]
		byKey[processKey{p.PID, time.Time{}}] = &processes[i]
	}
	folded := Folded(prev, cur)
	rows := make([]FunctionRow, len(cur))
	var process *ProcessRow // of the row before: mostly the same
	for i, c := range cur {
		for len(prev) > 0 && prev[0].Code.ID < c.Code.ID {
			prev = prev[1:]
		}
		var b CodeCount
		if len(prev) > 0 && prev[0].Code.ID == c.Code.ID {
			b = prev[0]
		}
		if c.Code.More {
			b.Calls, b.Resumes = b.Calls+folded[c.Code.ID].Calls, b.Resumes+folded[c.Code.ID].Resumes
		}
		if process == nil || process.Process.PID != c.Code.PID || !process.Process.Start.Equal(c.Code.Start) {
			process = byKey[processKey{c.Code.PID, c.Code.Start}]
		}
		r := FunctionRow{
			Code: c.Code, Calls: c.Calls, Resumes: c.Resumes, HasResumes: c.HasResumes,
			CallsDelta: grown(b.Calls, c.Calls), ResumesDelta: grown(b.Resumes, c.Resumes), Status: Off,
		}
		if c.Code.PID == 0 { // what grew was counted in its processes' own rows
			r.CallsDelta, r.ResumesDelta, r.Status = 0, 0, Exact
			if c.AtLeast {
				r.Status = LowerBound
			}
		}
		if all > 0 {
			r.CallsShare = float64(r.CallsDelta) / float64(all)
		}
		if process != nil {
			r.Status = process.Status
			r.CallsPerS = perSecond(r.CallsDelta, process.CountedDelta)
			r.ResumesPerS = perSecond(r.ResumesDelta, process.CountedDelta)
		}
		rows[i] = r
	}
	return rows
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

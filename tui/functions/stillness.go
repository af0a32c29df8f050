package functions

import (
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// stillness says why nothing was called, when nothing was.
func (c *state) stillness(s *collect.Snapshot) []pane.Notice {
	if s.Totals.CallsDelta+s.Totals.ResumesDelta > 0 {
		return nil
	}
	var stopped, traced []string
	for _, p := range s.Processes {
		switch p.State {
		case collect.Stopped:
			stopped = append(stopped, format.Whole(p.Process.PID))
		case collect.Traced:
			traced = append(traced, format.Whole(p.Process.PID))
		}
	}
	switch {
	case len(s.Processes) == 0:
		return []pane.Notice{{Text: "no process is watched", Ink: c.Styles.Amber}}
	case len(stopped)+len(traced) == len(s.Processes):
		return []pane.Notice{{Text: stopWords(stopped, traced), Ink: c.Styles.Amber}}
	case !counting(s):
		return nil // an alert says why
	}
	return []pane.Notice{{Text: c.quietWords(s), Ink: c.Styles.Dim}}
}

// stopWords says what has stopped processes, and how they go on.
func stopWords(stopped, traced []string) string {
	var words []string
	if len(stopped) > 0 {
		words = append(words, "stopped by a signal (T): it goes on with kill -CONT "+strings.Join(stopped, " "))
	}
	if len(traced) > 0 {
		words = append(words, "stopped by a debugger (t): pid "+strings.Join(traced, ", ")+" goes on when the debugger continues it")
	}
	return strings.Join(words, "; ")
}

// lately names the interval in words.
func lately(s *collect.Snapshot) string {
	if n := s.Interval.Seconds(); n > 0.95 && n < 1.05 {
		return "second"
	}
	return format.Rough(s.Interval)
}

// doing is what a process does that calls no Python function.
type doing int

const (
	unclear doing = iota // it waits, or runs
	runs
	waits
)

// atWork is from what share of the interval on a process is said to run, or to
// hold its GIL.
const atWork = 0.05

// doingOf tells what a process does, by its GIL and its CPU time. Who holds the
// GIL and takes no CPU time waits in C.
func doingOf(p *collect.ProcessRow) doing {
	switch {
	case p.CPUShareKnown && p.CPUShare >= atWork:
		return runs
	case p.CPUShareKnown:
		return waits
	case p.GILHeldKnown && p.GILHeldShare >= 0.5:
		return runs
	}
	return unclear
}

// quietWords says that nothing was called, in which processes, and what they do
// instead as far as that is known.
func (c *state) quietWords(s *collect.Snapshot) string {
	var live, counted []*collect.ProcessRow
	seen := ""
	for i := range s.Processes {
		p := &s.Processes[i]
		if p.State == collect.Ended {
			continue
		}
		live = append(live, p)
		if p.Counting && p.CountedDelta >= s.Interval*9/10 {
			counted = append(counted, p)
			if p.Status != collect.Exact {
				seen = " was seen"
			}
		}
	}
	text := "no Python call" + seen + " in the last " + lately(s)
	switch {
	case len(live) == 0:
		return text + ": what was watched has ended"
	case len(counted) == 0:
		return "no Python call was counted in the last " + lately(s) + ", a part of which was not counted"
	case len(counted) < len(live):
		text += " in the " + format.Exactly(len(counted)) + " of " + format.Exactly(len(live)) + " processes that are counted"
	case len(live) > 1:
		text += " in any of " + format.Exactly(len(live)) + " processes"
	}
	return text + ": " + c.doingWords(s, counted)
}

// doingWords is what these processes do.
func (c *state) doingWords(s *collect.Snapshot, list []*collect.ProcessRow) string {
	const run = " no Python function (C code or a loop)"
	var busy []string
	known := true
	for _, p := range list {
		switch doingOf(p) {
		case runs:
			busy = append(busy, format.Whole(p.Process.PID))
		case unclear:
			known = false
		}
	}
	who, one, stopped := "they", len(list) == 1, slices.ContainsFunc(list, func(p *collect.ProcessRow) bool { return p.State == collect.Stopped || p.State == collect.Traced })
	if one {
		who = "the process"
	}
	switch {
	case len(busy) > 0 && one:
		if name := c.busiest(s, list[0]); name != "" {
			who = name
		}
		return who + " runs code that calls" + run
	case len(busy) > 0:
		more := ""
		if n := len(busy) - mostBusy; n > 0 {
			busy, more = busy[:mostBusy], " and "+format.Exactly(n)+" more"
		}
		return "pid " + strings.Join(busy, ", ") + more + format.Word(len(busy), " runs code that calls", " run code that calls") + run
	case !known:
		return who + format.Word(len(list), " waits, or runs", " wait, or run") + " code that calls" + run
	case stopped:
		return who + " are waiting in C, idle or stopped"
	}
	return who + format.Word(len(list), " is", " are") + " waiting in C or idle"
}

// mostBusy is how many processes are named.
const mostBusy = 3

// busiest is the thread that runs in a process: that held the GIL for most of
// the interval; without one, that used a CPU for most of it. Empty: none did, as
// far as is known.
func (c *state) busiest(s *collect.Snapshot, p *collect.ProcessRow) string {
	var first *collect.ThreadRow
	most := 0.5
	for i := range s.Threads {
		t := &s.Threads[i]
		if t.PID != p.Process.PID || t.Ended {
			continue
		}
		share := 0.0
		switch {
		case t.NoGIL && t.CPUKnown:
			share = t.CPUShare
		case t.Counting && !t.NoGIL:
			share = t.HoldShare
		}
		if share >= most {
			first, most = t, share
		}
	}
	switch {
	case first == nil || first.TID == 0:
		return ""
	case pane.SameNames(pane.ShownThreads(s)) || first.Name == "":
		return "thread " + format.Whole(first.TID)
	}
	return "thread " + pane.ThreadName(first)
}

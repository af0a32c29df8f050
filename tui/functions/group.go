package functions

import (
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
)

// codeName is what functions of several processes are one by.
type codeName struct {
	file, function string
	line           int
}

func nameOf(c *collect.Code) codeName { return codeName{c.File, c.Function, c.Line} }

// group puts the functions of all processes together, or apart again.
func (p *Pane) group() tea.Cmd {
	switch {
	case !p.Several():
		return p.Say("one process is watched: there is nothing to put together")
	case p.Only != nil:
		return p.Say("one process is shown: there is nothing to put together" + p.Signs.Dot + "Esc shows all processes")
	}
	p.together = !p.together
	p.Take(p.Shown)
	if p.together {
		return p.Say("functions of all processes together")
	}
	return p.Say("functions of each process")
}

// grouped makes one row of the functions that have file, name and line in
// common, if that is wanted and not one process alone is shown. Rows stay in ascending ID, that of the first.
func (p *Pane) grouped(rows []function) []function {
	if !p.together || p.Only != nil {
		return rows
	}
	type member struct {
		row, pid int
		start    int64
	}
	seen := make(map[member]bool, len(rows))
	at := make(map[codeName]int, len(rows))
	out := make([]function, 0, len(rows))
	for _, f := range rows {
		k := nameOf(f.Code)
		f.missing = f.Code.PID != 0 && !f.CausedKnown // who ended makes nobody wait
		i, ok := at[k]
		if !ok {
			i, at[k] = len(out), len(out)
		}
		who := member{i, f.Code.PID, f.Code.Start.UnixNano()}
		first := !seen[who] // a process may have several of that name
		seen[who] = true
		if !ok {
			sum := *f.FunctionRow
			f.FunctionRow, f.group, f.processes, f.ended = &sum, 1, 1, f.Code.PID == 0
			out = append(out, f)
			continue
		}
		g := &out[i]
		g.group++
		if first {
			g.processes++
		}
		g.ended = g.ended || f.Code.PID == 0
		g.others = append(g.others, f.Code.ID)
		g.Calls += f.Calls
		g.CallsDelta += f.CallsDelta
		g.CallsPerS += f.CallsPerS
		g.CallsShare += f.CallsShare
		g.Resumes += f.Resumes
		g.ResumesDelta += f.ResumesDelta
		g.ResumesPerS += f.ResumesPerS
		g.HasResumes = g.HasResumes || f.HasResumes
		g.counted = g.counted || f.counted
		g.bounded = g.bounded || f.bounded
		g.missing = g.missing || f.missing
		g.Caused += f.Caused
		g.CausedShare += f.CausedShare
		g.CausedKnown = g.CausedKnown || f.CausedKnown
		g.CausedPart = g.CausedPart || f.CausedPart
		g.quiet = min(g.quiet, f.quiet)
		if weight[f.Status] > weight[g.Status] {
			g.Status = f.Status
		}
	}
	for i := range out {
		g := &out[i]
		g.bounded = g.bounded || g.missing && g.CausedKnown
	}
	return out
}

// pidCell is whose function a row is: of how many processes that ended it is not
// known, but of one at least.
func pidCell(signs *format.Signs, f *function) string {
	switch {
	case f.processes > 1 && f.ended:
		return signs.Times + format.Whole(f.processes) + "+"
	case f.processes > 1:
		return signs.Times + format.Whole(f.processes)
	case f.Code.PID == 0:
		return "ended"
	}
	return format.Whole(f.Code.PID)
}

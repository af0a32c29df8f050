package tui

import (
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

// setBounds notes of which processes not all was seen that happened to the GIL,
// or to their waits without one: what is said of them is at least that.
func (m *Model) setBounds(s *collect.Snapshot) {
	m.bounded = map[int]bool{}
	for i := range s.Processes {
		if p := &s.Processes[i]; p.GIL.Status == collect.GILLowerBound {
			m.bounded[p.Process.PID] = true
		}
	}
	for i := range s.GILs {
		if g := &s.GILs[i]; g.Status == collect.GILLowerBound {
			m.bounded[g.PID] = true
		}
	}
	for i := range s.Worlds {
		if w := &s.Worlds[i]; w.Status == collect.GILLowerBound {
			m.bounded[w.PID] = true
		}
	}
}

// isBounded tells whether what is said of a process's GIL is a lower bound.
func (m *Model) isBounded(pid int) bool { return m.bounded[pid] }

// gilMark stands before what the interval says of a process's GIL.
func (m *Model) gilMark(pid int) string {
	if m.isBounded(pid) {
		return m.signs.AtLeast
	}
	return ""
}

// sumMark stands before what there was in all: more may have gone by also while
// fields were read.
func (m *Model) sumMark(pid int) string {
	if m.part(pid) {
		return m.signs.AtLeast
	}
	return m.gilMark(pid)
}

// boundWords are the reasons why what is said of GILs is a lower bound.
func (m *Model) boundWords(s *collect.Snapshot) []notice {
	var out []notice
	for i := range s.Processes {
		p := &s.Processes[i]
		if p.GIL.Status != collect.GILLowerBound && !(p.GIL.None && m.isBounded(p.Process.PID)) {
			continue
		}
		what, why := "GIL", p.GIL.Reason
		if p.GIL.None {
			// That there is no GIL stands in the pane; here it would only push the reason off the line.
			what, why = "waits and pauses", strings.TrimPrefix(why, "it runs free-threaded: there is no GIL; ")
		}
		text := m.of(s, *p) + what + ": lower bound"
		if why != "" {
			text += ": " + format.Plain(why)
		}
		out = append(out, notice{text, m.styles.amber})
	}
	return out
}

// followedWords is what else is to be said of how the GIL of the pane's one
// process is followed: since when, or that its totals have a hole. A lower
// bound's reason is among the alerts, that there is no GIL in the title.
func (m *Model) followedWords() string {
	s := m.shown
	for i := range s.Processes {
		p := &s.Processes[i]
		if len(s.Processes) > 1 && (m.only == nil || m.only.PID != p.Process.PID) || p.GIL.Status == collect.GILLowerBound || p.GIL.None {
			continue
		}
		return format.Plain(p.GIL.Reason)
	}
	return ""
}

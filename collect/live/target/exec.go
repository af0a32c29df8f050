package target

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect/cpython"
	"pytop/collect/live/inspect"
	"pytop/collect/live/words"
	"pytop/collect/proc"
)

// NoteEnds finds out which processes have ended or run another program.
func (s *Set) NoteEnds(polled time.Time) {
	for _, p := range s.Order {
		if s.following.why != nil && p.Watch == nil && p.Gone == "" {
			p.Look()
		}
		switch {
		case p.Gone != "":
		case p.HasEnded():
			s.End(p)
		case p.Watch != nil || p.Execs != p.State.Execs || s.following.why != nil || p.Braked || p.Image == (proc.Image{}):
			s.noteExec(p, polled)
		}
	}
}

// End notes that a process has ended, and what it exec'd last if that was never
// known.
func (s *Set) End(p *Process) {
	_ = s.Maps.Processes.Lookup(&p.Key, &p.State) // where the kernel follows it, it is there
	execed := p.Execs != p.State.Execs
	if p.Build != nil && (execed && s.unseen(p.Key, &p.State) || p.loading && (execed || s.following.why != nil)) {
		s.following.unseen++
		p.Note = words.Join(p.Note, "it exec'd and ended before it was known what it ran")
	}
	p.Gone = "ended"
	s.probes.Ended(p)
}

// Exec is what became of a process that has exec'd.
type Exec struct {
	At     time.Time // not before
	Before *Build    // what it ran
	Left   bool      // that was no CPython
	Err    error     // why it cannot be watched any longer; errors.Is(err, cpython.ErrNotPython) when it runs none
}

// noteExec finds out what a process runs that has exec'd, not before at. Where it
// runs the same file again, the probes have stayed and missed nothing, unless the
// thread that exec'd was not the first: the kernel knows the process by that.
func (s *Set) noteExec(p *Process, at time.Time) {
	now, err := proc.System().Image(p.Info.PID)
	if errors.Is(err, proc.ErrNoProcess) {
		return // its end is noticed next time
	}
	if err != nil || now == p.Image && (p.Execs == p.State.Execs || !s.probes.LostProbes(p)) {
		p.ExecSeen, p.Execs, p.loading = time.Time{}, p.State.Execs, false
		return
	}
	if p.ExecSeen.IsZero() {
		p.ExecSeen = time.Now()
	}
	pid, e, adopted, seen := p.Info.PID, Exec{At: at, Before: p.Build}, p.Image == (proc.Image{}), p.ExecSeen
	if !adopted || p.Execs != p.State.Execs {
		s.probes.Leaves(p)
	}
	e.Err = s.describe(p, pid)
	if errors.Is(e.Err, cpython.ErrNotPython) {
		s.following.looked[p.Key] = p.State.Execs
		if time.Since(p.ExecSeen) < inspect.ExecGrace {
			p.loading = true
			return
		}
	}
	if errors.Is(e.Err, proc.ErrNoProcess) {
		return // its end is noticed next time
	}
	p.Image, p.Execs, p.ExecSeen, p.loading = now, p.State.Execs, time.Time{}, false
	if adopted && e.Err == nil && p.Build == e.Before {
		return // it runs what it was taken for
	}
	e.Left, p.Left = p.Left != "", ""
	if errors.Is(e.Err, cpython.ErrNotPython) {
		p.Left = leftWords(pid, seen)
		if p.Watch != nil {
			p.Gone = "runs another program since, which is not a CPython,"
		} // else it stays listed until it ends: it may exec again
	}
	s.probes.Execed(p, e)
}

// leftWords says which program a process runs that is no CPython.
func leftWords(pid int, at time.Time) string {
	name := "another program"
	if path, err := proc.System().Executable(pid); err == nil {
		name = path
	}
	return fmt.Sprintf("it exec'd %s at %s, which is not a CPython", name, at.Format("15:04:05"))
}

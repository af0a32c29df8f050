package live

import (
	"errors"
	"fmt"
	"time"

	"pytop/collect/cpython"
	"pytop/collect/proc"
)

// execGrace is how long a program that a process exec'd may take to load its
// CPython before pytop says that it has none.
const execGrace = 3 * time.Second

// noteEnds finds out which processes have ended or run another program.
func (s *Source) noteEnds() {
	for _, p := range s.order {
		if s.following.why != nil && p.watch == nil && p.gone == "" {
			p.look()
		}
		switch {
		case p.gone != "":
		case p.hasEnded():
			s.end(p)
		case p.watch != nil || p.execs != p.state.Execs || s.following.why != nil || p.braked || p.image == (proc.Image{}):
			s.noteExec(p, s.polled)
		}
	}
}

// end notes that a process has ended, and what it exec'd last if that was
// never known, and takes its probes out beside: that
// takes some 50 ms, and nothing hits them any more.
func (s *Source) end(p *process) {
	_ = s.maps.Processes.Lookup(&p.key, &p.state) // where the kernel follows it, it is there
	if p.build != nil && p.execs != p.state.Execs && s.unseen(p.key, &p.state) {
		s.following.unseen++
		p.note = joined([]string{p.note, "it exec'd and ended before it was known what it ran"})
	}
	if l := p.end(); l != nil {
		s.stopped.Go(func() { _ = l.close() })
	}
}

// noteExec follows a process that has exec'd, not before at. Where it runs the
// same file again, the probes have stayed and missed nothing, unless the thread
// that exec'd was not the first: the kernel knows the process by that. Where it
// runs another CPython, they are put there, and what ran before is not counted.
func (s *Source) noteExec(p *process, at time.Time) {
	now, err := proc.System().Image(p.info.PID)
	if errors.Is(err, proc.ErrNoProcess) {
		return // its end is noticed next time
	}
	if err != nil || now == p.image && (p.execs == p.state.Execs || !p.lostProbes()) {
		p.execSeen, p.execs = time.Time{}, p.state.Execs
		return
	}
	if p.execSeen.IsZero() {
		p.execSeen = time.Now()
	}
	pid, before, adopted, seen := p.info.PID, p.build, p.image == (proc.Image{}), p.execSeen
	if !adopted || p.execs != p.state.Execs {
		s.leaveGIL(p)
	}
	err = s.describe(p, pid)
	if errors.Is(err, cpython.ErrNotPython) {
		s.following.looked[p.key] = p.state.Execs
		if time.Since(p.execSeen) < execGrace {
			return // not loaded yet
		}
	}
	if errors.Is(err, proc.ErrNoProcess) {
		return // its end is noticed next time
	}
	p.image, p.execs, p.execSeen = now, p.state.Execs, time.Time{}
	if adopted && err == nil && p.build == before {
		return // it runs what it was taken for
	}
	defer s.followAnew(p)
	left := p.left != ""
	p.left = ""
	lost := err == nil && p.build == before && p.lostProbes()
	switch {
	case errors.Is(err, cpython.ErrNotPython):
		p.left = leftWords(pid, seen)
		if p.watch != nil {
			p.gone = "runs another program since, which is not a CPython,"
		} // else it stays listed until it ends: it may exec again
		_ = p.detach(time.Now())
	case err != nil:
		s.fail(p, fmt.Errorf("it runs another program now: %w", err))
	case (lost || p.build != before || left) && s.brake == "" && !p.braked && !p.overBudget:
		_ = p.detach(time.Now())
		missed := p.build.shared == nil || p.build.sharedAt.After(at)
		if err := s.attach(p, p.forced); err != nil {
			s.fail(p, err)
			return
		}
		if !missed {
			return // its file was attached to for all processes: nothing was missed
		}
		what := "another CPython"
		if lost {
			what = "itself from a thread that was not its first, which took the probes away,"
		}
		p.note = "it exec'd " + what + " at " + p.attached.Format("15:04:05") + "; its first calls after that, until its probes were in, are not counted"
	}
}

// leftWords says which program a process runs that is no CPython.
func leftWords(pid int, at time.Time) string {
	name := "another program"
	if path, err := proc.System().Executable(pid); err == nil {
		name = path
	}
	return fmt.Sprintf("it exec'd %s at %s, which is not a CPython", name, at.Format("15:04:05"))
}

// lostProbes tells whether a process has none of the breakpoints that are its own.
func (p *process) lostProbes() bool {
	return p.links != nil && !p.links.shared && errors.Is(p.reached(), ErrNotReached)
}

// fail detaches a process for good reason, and keeps the reason to be shown.
func (s *Source) fail(p *process, err error) {
	p.failed, p.reason = true, err.Error()
	_ = s.detach(p) // p.reason says what is wrong already
}

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
			p.end()
		case p.watch != nil || p.execs != p.state.Execs || s.following.why != nil:
			s.noteExec(p)
		}
	}
}

// noteExec follows a process that has exec'd. Where it runs the same file
// again, the probes have stayed and missed nothing; where it runs another
// CPython, they are put there, and what ran before is not counted.
func (s *Source) noteExec(p *process) {
	now, err := proc.System().Image(p.info.PID)
	if err != nil || now == p.image {
		p.execSeen, p.execs = time.Time{}, p.state.Execs
		return
	}
	if p.execSeen.IsZero() {
		p.execSeen = time.Now()
	}
	pid, before := p.info.PID, p.build
	attached := map[*build]bool{} // before it was looked at
	for _, b := range s.builds {
		attached[b] = b.shared != nil
	}
	err = s.describe(p, pid)
	if errors.Is(err, cpython.ErrNotPython) && time.Since(p.execSeen) < execGrace {
		return // not loaded yet
	}
	p.image, p.execs = now, p.state.Execs
	defer s.followAnew(p)
	switch {
	case errors.Is(err, proc.ErrNoProcess): // its end is noticed next time
	case errors.Is(err, cpython.ErrNotPython) && p.watch == nil:
		p.execSeen = time.Time{} // it stays listed until it ends: it may exec again
	case errors.Is(err, cpython.ErrNotPython):
		p.gone = "runs another program since, which is not a CPython,"
		_ = p.detach(time.Now())
	case err != nil:
		s.fail(p, fmt.Errorf("it runs another program now: %w", err))
	case p.build != before && s.brake == "" && !p.braked && !p.overBudget:
		_ = p.detach(time.Now())
		missed := !attached[p.build]
		if err := s.attach(p, p.forced); err != nil {
			s.fail(p, err)
			return
		}
		if !missed {
			return // its file was attached to for all processes: nothing was missed
		}
		p.note = "it exec'd another CPython at " + p.attached.Format("15:04:05") + "; its calls before that are not counted"
	}
}

// fail detaches a process for good reason, and keeps the reason to be shown.
func (s *Source) fail(p *process, err error) {
	p.failed, p.reason = true, err.Error()
	_ = s.detach(p) // p.reason says what is wrong already
}

package live

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
)

// watchAsked begins to watch the processes that were asked for by their PID.
// Of several those that cannot be watched are listed with the reason.
func (s *Source) watchAsked() error {
	var refused error
	for _, pid := range s.options.PIDs {
		err := s.watch(pid)
		if err == nil {
			continue
		}
		ancestor := s.options.Children && errors.Is(err, cpython.ErrNotPython)
		if len(s.options.PIDs) == 1 && !s.options.All && !ancestor {
			return err
		}
		if refused == nil {
			refused = err
		}
		s.list(pid, err, true).ancestor = ancestor
	}
	if s.options.Children && !s.options.FromStart {
		if err := s.watchDescendants(); err != nil {
			return err
		}
	}
	if s.options.All || s.countable() > 0 {
		return nil
	}
	return refused
}

// countable is how many processes are watched that are not merely listed.
func (s *Source) countable() (n int) {
	for _, p := range s.order {
		if p.build != nil && !p.failed {
			n++
		}
	}
	return n
}

// attachAsked attaches to all that is watched so far.
func (s *Source) attachAsked() error {
	var refused error
	for _, p := range s.order {
		if p.build == nil {
			continue
		}
		err := s.attach(p, false)
		if err == nil {
			continue
		}
		if len(s.order) == 1 && !s.options.All {
			return err
		}
		if refused == nil {
			refused = err
		}
		s.fail(p, err)
	}
	if refused != nil && s.countable() == 0 {
		return refused
	}
	return nil
}

// watch begins to watch a process; nothing is attached yet.
func (s *Source) watch(pid int) error {
	w, err := proc.OpenWatch(pid)
	if err != nil {
		return err
	}
	p := &process{watch: w, asked: true}
	if p.image, err = proc.System().Image(pid); err == nil {
		err = s.describe(p, pid)
	}
	if err != nil {
		return errors.Join(whenEnded(pid, err), w.Close())
	}
	s.add(p)
	return nil
}

func (s *Source) add(p *process) {
	s.processes[p.key], s.order = p, append(s.order, p)
}

// list shows a process that cannot be watched, and why.
func (s *Source) list(pid int, why error, asked bool) *process {
	p := &process{asked: asked, failed: true, reason: why.Error(), info: &collect.Process{PID: pid, Command: "?"}}
	stat, err := proc.System().Stat(pid)
	if err != nil {
		p.gone, p.reason = "is not there", "it is not watched: "+why.Error()
	} else {
		p.key = bpf.ProcessKey{Pid: uint32(pid), Started: uint32(stat.StartTicks)}
		p.info = about(stat)
	}
	s.add(p)
	return p
}

// about is what /proc says of a process that does not change.
func about(stat proc.Stat) *collect.Process {
	pid := stat.PID
	p := &collect.Process{PID: pid, Start: stat.Start, Parent: stat.Parent, Command: "[" + stat.Name + "]"}
	if command, err := proc.System().Command(pid); err == nil {
		p.Command = command
	}
	if status, err := proc.System().Status(pid); err == nil {
		p.OwnPID, p.User = status.OwnPID(), proc.UserName(status.EffectiveUID)
	}
	p.Container = proc.System().Container(pid)
	return p
}

// describe finds a process's CPython and what is known of it.
func (s *Source) describe(p *process, pid int) error {
	stat, err := proc.System().Stat(pid)
	if err != nil {
		return err
	}
	b, codeType, err := s.find(pid)
	if err != nil {
		return err
	}
	p.codeType, p.build = codeType, b
	p.key = bpf.ProcessKey{Pid: uint32(pid), Started: uint32(stat.StartTicks)}
	p.info = about(stat)
	p.info.Python, p.info.Build = b.python.Version, b.words()
	return nil
}

// attach puts the probes into a process and tries what they cost; with force
// it stays, whatever it costs.
func (s *Source) attach(p *process, force bool) error {
	if _, err := s.register(p); err != nil {
		return err
	}
	switch p.uncounted = s.options.NoCalls; {
	case p.uncounted:
		p.links, p.attached = &links{}, time.Now()
	case s.shares(p.build):
		if err := s.share(p.build); err != nil {
			return err
		}
		if err := p.reached(); err != nil {
			return err
		}
		p.links, p.attached = p.build.shared, time.Now()
	default:
		s.attaches++
		links, err := attachTo(p.build, p.info.PID, s.attaches)
		if err != nil {
			return whenEnded(p.info.PID, fmt.Errorf("process %d: %w", p.info.PID, err))
		}
		if err := p.reached(); err != nil {
			return errors.Join(err, links.close())
		}
		p.links, p.attached = links, time.Now()
	}
	p.braked, p.overBudget, p.failed, p.reason, p.left, p.forced = false, false, false, "", "", force
	if p.lapse.open {
		p.lapse.end(p.attached)
	}
	p.behind = 0
	p.mark = p.markAt(p.attached)
	return nil
}

// whenEnded is what is wrong with a process: that it has ended, if it has,
// whatever else failed for that.
func whenEnded(pid int, err error) error {
	stat, statErr := proc.System().Stat(pid)
	switch {
	case err == nil || errors.Is(err, proc.ErrNoProcess):
		return err
	case errors.Is(statErr, proc.ErrNoProcess):
		return fmt.Errorf("process %d: %w: it ended while pytop attached", pid, proc.ErrNoProcess)
	case statErr == nil && stat.Ended():
		return fmt.Errorf("process %d: %w: it has ended (and is a zombie until its parent waits for it)", pid, proc.ErrNoProcess)
	}
	return err
}

// register tells the programs that a process is watched; fresh: they did not
// know it.
func (s *Source) register(p *process) (fresh bool, err error) {
	state := bpf.ProcessState{CodeType: p.codeType, Flags: bpf.Counted, Build: p.build.number, Parent: uint32(p.info.Parent)}
	if s.options.Children {
		state.Flags |= bpf.Family
	}
	return s.insert(p.key, &state)
}

// insert gives the programs a process's state, if they have none.
func (s *Source) insert(key bpf.ProcessKey, state *bpf.ProcessState) (fresh bool, err error) {
	err = s.maps.Processes.Update(&key, state, ebpf.UpdateNoExist)
	if errors.Is(err, ebpf.ErrKeyExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("register process %d: %w", key.Pid, err)
	}
	return true, nil
}

// detach takes the probes of processes away and makes what was counted final:
// while they are detached, code objects are freed unseen.
func (s *Source) detach(list ...*process) error {
	was := map[*process]bool{}
	for _, p := range list {
		if p.links != nil {
			was[p] = true
		}
	}
	if len(was) == 0 {
		return nil
	}
	if err := errors.Join(detachAll(time.Now(), list...), s.detachUnused()); err != nil {
		return err
	}
	if err := s.poll(); err != nil {
		return err
	}
	return s.retire(was)
}

// retire takes the living code objects of detached processes out of the maps,
// after they were read.
func (s *Source) retire(list map[*process]bool) error {
	var keys []bpf.CallKey
	for id, o := range s.functions.objects {
		if list[o.function.of] {
			o.function.done.add(o.last)
			o.function.now = counts{}
			keys = append(keys, o.key)
			delete(s.functions.objects, id)
		}
	}
	if err := kernelmap.DeleteAll(s.maps.Live, keys); err != nil {
		return fmt.Errorf("retire counts: %w", err)
	}
	return nil
}

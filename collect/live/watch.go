package live

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
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
		p.gone = "is not there"
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

// buildOf finds or makes the build of a located file, which it takes over.
func (s *Source) buildOf(l *Located) (*build, error) {
	id := fileID{l.Mapping.Major, l.Mapping.Minor, l.Mapping.Inode}
	for _, b := range s.builds {
		same := b.id == id
		if !same && !(plain(b.file) && plain(l.File)) && b.elf.Size() == l.ELF.Size() && b.elf.BuildID() == l.ELF.BuildID() {
			var err error
			if same, err = b.sameFile(l); err != nil {
				return nil, errors.Join(err, l.Close())
			}
		}
		if same {
			return b, l.Close()
		}
	}
	b, err := s.newBuild(l, id)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.builds = append(s.builds, b)
	return b, nil
}

func (s *Source) newBuild(l *Located, id fileID) (*build, error) {
	b := &build{id: id, file: l.File, elf: l.ELF, python: l.Python, name: filepath.Base(l.Mapping.Path), offsets: offsetsOf(l.Python), number: s.lastBuild + 1}
	s.lastBuild++
	for _, o := range s.builds { // a copy of a file has its build ID, and all that follows from its text
		if o.same == nil && l.ELF.BuildID() != "" && o.elf.BuildID() == l.ELF.BuildID() && o.elf.Size() == l.ELF.Size() {
			b.same, b.plan, b.programs, b.price = o, o.plan, o.programs, o.price
			return b, nil
		}
	}
	var err error
	if b.plan, err = s.options.Cache.Find(l.ELF, l.Python); err != nil {
		return nil, err
	}
	if err := s.load(b, b.number); err != nil {
		return nil, err
	}
	if s.options.without != nil {
		plan := *b.plan
		plan.Calls = s.options.without(plan.Calls)
		b.plan = &plan
	}
	if s.focus != 0 {
		if err := b.programs.SetFocus(s.epoch); err != nil {
			return nil, errors.Join(err, b.programs.Close())
		}
	}
	return b, nil
}

// load loads a build's programs, for uprobe_multi where the kernel has one that
// counts truly, and measures what they cost.
func (s *Source) load(b *build, number uint32) (err error) {
	for _, multi := range []bool{true, false} {
		if multi && s.options.old {
			continue
		}
		if b.programs, err = bpf.LoadPrograms(s.maps, b.offsets, number, s.machine, multi); err != nil {
			if multi && unsupported(err) {
				continue
			}
			return err
		}
		if b.price, err = s.calibrate(b); err == nil {
			return nil
		}
		err = errors.Join(err, b.programs.Close())
		b.programs = nil
		if !unsupported(err) {
			return err
		}
	}
	return err
}

// attach puts the probes into a process and tries what they cost; with force
// it stays, whatever it costs.
func (s *Source) attach(p *process, force bool) error {
	if err := s.register(p); err != nil {
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
	p.braked, p.overBudget, p.failed, p.reason, p.forced = false, false, false, "", force
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

// register tells the programs that a process is watched.
func (s *Source) register(p *process) error {
	state := bpf.ProcessState{CodeType: p.codeType, Flags: bpf.Counted, Build: p.build.number, Parent: uint32(p.info.Parent)}
	if s.options.Children {
		state.Flags |= bpf.Family
	}
	err := s.maps.Processes.Update(&p.key, &state, ebpf.UpdateNoExist)
	if err != nil && !errors.Is(err, ebpf.ErrKeyExist) {
		return fmt.Errorf("register process %d: %w", p.info.PID, err)
	}
	return nil
}

// unsupported tells whether the kernel has no uprobe_multi (Linux 6.6), whose
// attach type is then unknown to it, or one whose hits in threads get lost
// (until 6.6.35 and 6.9.4: its filter takes the PID for a thread's).
func unsupported(err error) bool {
	return errors.Is(err, errMiscounted) || errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.EINVAL)
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
	if err := deleteAll(s.maps.Live, keys); err != nil {
		return fmt.Errorf("retire counts: %w", err)
	}
	return nil
}

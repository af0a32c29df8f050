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
	"pytop/collect/proc"
)

// watch begins to watch a process; nothing is attached yet.
func (s *Source) watch(pid int) error {
	w, err := proc.OpenWatch(pid)
	if err != nil {
		return err
	}
	p := &process{watch: w}
	if p.image, err = proc.System().Image(pid); err == nil {
		err = s.describe(p, pid)
	}
	if err != nil {
		return errors.Join(whenEnded(pid, err), w.Close())
	}
	s.processes[pid], s.order = p, append(s.order, p)
	return nil
}

// describe finds a process's CPython and what is known of it.
func (s *Source) describe(p *process, pid int) error {
	stat, err := proc.System().Stat(pid)
	if err != nil {
		return err
	}
	command, err := proc.System().Command(pid)
	if err != nil {
		return err
	}
	l, err := Locate(pid)
	if err != nil {
		return err
	}
	codeType := codeType(l)
	b, err := s.buildOf(l)
	if err != nil {
		return err
	}
	p.codeType, p.build = codeType, b
	p.info = &collect.Process{
		PID: pid, Start: stat.Start, Command: command,
		Python: b.python.Version, Build: b.words(),
	}
	return nil
}

// codeType is the address of PyCode_Type in the process; 0: not known.
func codeType(l *Located) uint64 {
	symbol, ok := l.ELF.Symbol("PyCode_Type")
	b, found := bias(l.ELF, l.Mapping)
	if !ok || !found {
		return 0
	}
	return symbol.Address + b
}

// buildOf finds or makes the build of a located file, which it takes over.
func (s *Source) buildOf(l *Located) (*build, error) {
	id := fileID{l.Mapping.Major, l.Mapping.Minor, l.Mapping.Inode}
	for _, b := range s.builds {
		if b.id == id {
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
	b := &build{id: id, file: l.File, elf: l.ELF, python: l.Python, name: filepath.Base(l.Mapping.Path), offsets: offsetsOf(l.Python)}
	var err error
	if b.plan, err = s.options.Cache.Find(l.ELF, l.Python); err != nil {
		return nil, err
	}
	if err := s.load(b); err != nil {
		return nil, err
	}
	return b, nil
}

// load loads a build's programs, for uprobe_multi where the kernel has one that
// counts truly, and measures what they cost.
func (s *Source) load(b *build) (err error) {
	for _, multi := range []bool{true, false} {
		if multi && s.options.old {
			continue
		}
		if b.programs, err = bpf.LoadPrograms(s.maps, b.offsets, s.ns, multi); err != nil {
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
	s.attaches++
	links, err := &links{}, error(nil)
	if p.uncounted = s.options.NoCalls; !p.uncounted {
		links, err = attachTo(p.build, p.info.PID, s.attaches)
	}
	if err != nil {
		return whenEnded(p.info.PID, fmt.Errorf("process %d: %w", p.info.PID, err))
	}
	p.links, p.attached = links, time.Now()
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
	key := uint32(p.info.PID)
	state := bpf.ProcessState{CodeType: p.codeType}
	err := s.maps.Processes.Update(&key, &state, ebpf.UpdateNoExist)
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

// detach takes the probes of a process away and makes what was counted final:
// while it is detached, code objects are freed unseen.
func (s *Source) detach(p *process) error {
	if p.links == nil {
		return nil
	}
	if err := p.detach(time.Now()); err != nil {
		return err
	}
	if err := s.poll(); err != nil {
		return err
	}
	return s.retire(p)
}

// retire takes the living code objects of a detached process out of the maps,
// after they were read.
func (s *Source) retire(p *process) error {
	var keys []bpf.CallKey
	for id, o := range s.functions.objects {
		if o.function.code.PID == p.info.PID {
			o.function.done.add(o.last)
			o.function.now = counts{}
			keys = append(keys, o.key)
			delete(s.functions.objects, id)
		}
	}
	for len(keys) > 0 {
		n := min(len(keys), batch)
		if _, err := s.maps.Live.BatchDelete(keys[:n], nil); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("retire counts of process %d: %w", p.info.PID, err)
		}
		keys = keys[n:]
	}
	return nil
}

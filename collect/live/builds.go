package live

import (
	"errors"
	"path/filepath"
	"syscall"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect/live/price"
	"pytop/collect/proc"
)

// buildOf finds or makes the build of a located file, which it takes over.
func (s *Source) buildOf(l *Located) (*build, error) {
	id := l.Mapping.ID()
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

func (s *Source) newBuild(l *Located, id proc.FileID) (*build, error) {
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

// unsupported tells whether the kernel has no uprobe_multi (Linux 6.6), whose
// attach type is then unknown to it, or one whose hits in threads get lost
// (until 6.6.35 and 6.9.4: its filter takes the PID for a thread's).
func unsupported(err error) bool {
	return errors.Is(err, price.ErrMiscounted) || errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.EINVAL)
}

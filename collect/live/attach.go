package live

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/site"
)

// cookie says what is particular to a site; see bpf/types.h.
func cookie(s site.Site, attach uint8) uint64 {
	c := uint64(attach) << bpf.AttachShift
	switch s.When {
	case site.IfTaken:
		c |= bpf.IfTaken | uint64(s.Condition)<<bpf.ConditionShift
	case site.IfNotTaken:
		c |= bpf.IfNotTaken | uint64(s.Condition)<<bpf.ConditionShift
	}
	if s.Code != site.None {
		c |= bpf.CodeInRegister | uint64(s.Code)<<bpf.CodeShift
	}
	if s.Frame != site.None {
		c |= uint64(s.Frame) << bpf.FrameShift
	} else {
		c |= bpf.FrameInSlot | uint64(s.Slot/8)<<bpf.SlotShift
	}
	if s.Next != site.None {
		c |= bpf.NextInRegister | uint64(s.Next)<<bpf.NextShift | uint64(s.Ahead)<<bpf.AheadShift
	}
	if s.Throw != site.None {
		c |= bpf.ThrowInRegister | uint64(s.Throw)<<bpf.ThrowShift
	}
	return c
}

// links are a process's attached probes. They are referenced until closed: a
// link that is collected detaches without a word.
type links struct {
	called []link.Link // closed first, so that what is counted is freed and undone too
	rest   []link.Link
	shared bool // by all processes of the file: its build closes them
}

func (l *links) close() error {
	err := errors.Join(closeLinks(l.called), closeLinks(l.rest))
	l.called, l.rest = nil, nil
	return err
}

// closeLinks closes links at once: each waits for the kernel's readers.
func closeLinks(list []link.Link) error {
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, one := range list {
		all.Go(func() { errs[i] = one.Close() })
	}
	all.Wait()
	return errors.Join(errs...)
}

// attachTo puts a build's probes into one process, or with pid 0 into all that
// map its file. What was attached before an error is detached again.
func attachTo(b *build, pid int, attach uint8) (_ *links, err error) {
	if err := site.Validate(b.elf, b.plan); err != nil {
		return nil, fmt.Errorf("check the sites of %s: %w", b.name, err)
	}
	a, err := attachmentTo(b.path(), b.name, b.programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.cookie = func(s site.Site) uint64 { return cookie(s, attach) }
	l := &links{shared: pid == 0}
	if l.rest, err = a.put(probes{b.programs.Freed, b.plan.Freed}, probes{b.programs.Instrumented, b.plan.Instrument}, probes{b.programs.Executor, b.plan.Executor}); err != nil {
		return nil, err
	}
	if l.called, err = a.put(probes{b.programs.Called, b.plan.Calls}); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// attachment is what is to be attached to: a file as one process maps it, or
// with pid 0 as all do.
type attachment struct {
	executable *link.Executable
	name       string // of the file, for people
	multi      bool   // by uprobe_multi
	pid        int
	cookie     func(site.Site) uint64 // what a program is told of a site
}

// probes are a program and where it goes.
type probes struct {
	program *ebpf.Program
	sites   []site.Site
}

func attachmentTo(path, name string, multi bool, pid int) (*attachment, error) {
	executable, err := link.OpenExecutable(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return &attachment{executable: executable, name: name, multi: multi, pid: pid}, nil
}

// put attaches programs, the first first, to sites whose bytes were compared.
// What was attached before an error is detached again.
func (a *attachment) put(list ...probes) (all []link.Link, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeLinks(all))
			all = nil
		}
	}()
	for _, one := range list {
		some, err := a.putOne(one.program, one.sites)
		all = append(all, some...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// putOne attaches a program: by one link where the kernel has uprobe_multi,
// else by one a site.
func (a *attachment) putOne(program *ebpf.Program, sites []site.Site) (all []link.Link, _ error) {
	if len(sites) == 0 {
		return nil, nil
	}
	if a.multi {
		o := &link.UprobeMultiOptions{PID: uint32(a.pid)}
		for _, s := range sites {
			o.Addresses = append(o.Addresses, s.Offset)
			o.Cookies = append(o.Cookies, a.cookie(s))
		}
		one, err := a.executable.UprobeMulti(nil, program, o)
		if err != nil {
			return nil, fmt.Errorf("attach %d sites in %s: %w", len(sites), a.name, err)
		}
		return []link.Link{one}, nil
	}
	for _, s := range sites {
		one, err := a.executable.Uprobe("", program, &link.UprobeOptions{Address: s.Offset, PID: a.pid, Cookie: a.cookie(s)})
		if err != nil {
			return all, fmt.Errorf("attach at %s+%#x: %w", a.name, s.Offset, err)
		}
		all = append(all, one)
	}
	return all, nil
}

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
	executable, err := link.OpenExecutable(b.path())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", b.name, err)
	}
	l := &links{shared: pid == 0}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	put := func(program *ebpf.Program, sites []site.Site) ([]link.Link, error) {
		return put(executable, b, program, sites, pid, attach)
	}
	for _, group := range []struct {
		program *ebpf.Program
		sites   []site.Site
	}{{b.programs.Freed, b.plan.Freed}, {b.programs.Instrumented, b.plan.Instrument}, {b.programs.Executor, b.plan.Executor}} {
		some, err := put(group.program, group.sites)
		l.rest = append(l.rest, some...)
		if err != nil {
			return nil, err
		}
	}
	l.called, err = put(b.programs.Called, b.plan.Calls)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// put attaches one program to its sites: by one link where the kernel has
// uprobe_multi, else by one a site.
func put(executable *link.Executable, b *build, program *ebpf.Program, sites []site.Site, pid int, attach uint8) ([]link.Link, error) {
	if len(sites) == 0 {
		return nil, nil
	}
	if b.programs.Multi {
		o := &link.UprobeMultiOptions{PID: uint32(pid)}
		for _, s := range sites {
			o.Addresses = append(o.Addresses, s.Offset)
			o.Cookies = append(o.Cookies, cookie(s, attach))
		}
		one, err := executable.UprobeMulti(nil, program, o)
		if err != nil {
			return nil, fmt.Errorf("attach %d sites in %s: %w", len(sites), b.name, err)
		}
		return []link.Link{one}, nil
	}
	var all []link.Link
	for _, s := range sites {
		one, err := executable.Uprobe("", program, &link.UprobeOptions{Address: s.Offset, PID: pid, Cookie: cookie(s, attach)})
		if err != nil {
			return all, fmt.Errorf("attach at %s+%#x: %w", b.name, s.Offset, err)
		}
		all = append(all, one)
	}
	return all, nil
}

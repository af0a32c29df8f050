package calls

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/link"

	"pytop/bpf"
	"pytop/collect/live/attach"
	"pytop/collect/site"
)

// cookie says what is particular to a site; see bpf/types.h.
func cookie(s site.Site, number uint8) uint64 {
	c := uint64(number) << bpf.AttachShift
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
	err := errors.Join(attach.Close(l.called), attach.Close(l.rest))
	l.called, l.rest = nil, nil
	return err
}

// attachTo puts a build's probes into one process, or with pid 0 into all that
// map its file. What was attached before an error is detached again.
func (c *Calls) attachTo(b *build, pid int, number uint8) (_ *links, err error) {
	if err := site.Validate(b.ELF, b.Plan); err != nil {
		return nil, fmt.Errorf("check the sites of %s: %w", b.Name, err)
	}
	a, err := c.Links.Open(b.Path(), b.Name, b.programs.Multi, pid)
	if err != nil {
		return nil, err
	}
	a.Cookie = func(s site.Site) uint64 { return cookie(s, number) }
	l := &links{shared: pid == 0}
	if l.rest, err = a.Put(attach.Probes{Program: b.programs.Freed, Sites: b.Plan.Freed}, attach.Probes{Program: b.programs.Instrumented, Sites: b.Plan.Instrument}, attach.Probes{Program: b.programs.Executor, Sites: b.Plan.Executor}); err != nil {
		return nil, err
	}
	if l.called, err = a.Put(attach.Probes{Program: b.programs.Called, Sites: b.Plan.Calls}); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

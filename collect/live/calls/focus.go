package calls

import (
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/proc"
)

// Focus counts one function by thread from now on; 0 ends it. While nothing is
// focused it costs the target nothing.
func (c *Calls) Focus(code uint64) error {
	if err := c.setEpoch(0); err != nil {
		return err
	}
	c.focus = 0
	if err := kernelmap.Clear(c.Maps.Focused, new(bpf.CallKey), new(uint32)); err != nil {
		return fmt.Errorf("focus: %w", err)
	}
	if err := kernelmap.Clear(c.Maps.ByThread, new(bpf.ThreadKey), new(bpf.ThreadCount)); err != nil {
		return fmt.Errorf("focus: %w", err)
	}
	if code == 0 {
		return nil
	}
	if c.functions.byID(code) == nil {
		return fmt.Errorf("focus: no function %d", code)
	}
	for _, o := range c.functions.objects {
		if o.function.code.ID == code {
			c.focusObject(o)
		}
	}
	c.focus = code
	c.epoch++
	return c.setEpoch(c.epoch)
}

// focusObject marks a code object of the focused function. When there is no
// room its calls by thread are not shown; the function's own count is.
func (c *Calls) focusObject(o *object) {
	one := uint32(1)
	_ = c.Maps.Focused.Update(&o.key, &one, ebpf.UpdateAny)
}

func (c *Calls) setEpoch(epoch uint32) error {
	for _, b := range c.builds {
		if err := b.programs.SetFocus(epoch); err != nil {
			return fmt.Errorf("focus: %w", err)
		}
	}
	return nil
}

// byThread is how often each thread has run the focused function.
func (c *Calls) byThread() []collect.ThreadCount {
	var key bpf.ThreadKey
	var n bpf.ThreadCount
	var list []collect.ThreadCount
	f := c.functions.byID(c.focus)
	if f == nil {
		return nil // its process has ended
	}
	pid := f.code.PID
	for it := c.Maps.ByThread.Iterate(); it.Next(&key, &n); {
		if key.Epoch != c.epoch {
			continue
		}
		name, _ := proc.System().ThreadName(pid, int(key.Tid)) // empty: it has ended
		list = append(list, collect.ThreadCount{TID: int(key.Tid), Name: name, Calls: n.Calls, Resumes: n.Resumes})
	}
	slices.SortFunc(list, func(a, b collect.ThreadCount) int { return a.TID - b.TID })
	return list
}

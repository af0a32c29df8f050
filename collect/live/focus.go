package live

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
func (s *Source) Focus(code uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if err := s.setEpoch(0); err != nil {
		return err
	}
	s.focus = 0
	if err := kernelmap.Clear(s.maps.Focused, new(bpf.CallKey), new(uint32)); err != nil {
		return fmt.Errorf("focus: %w", err)
	}
	if err := kernelmap.Clear(s.maps.ByThread, new(bpf.ThreadKey), new(bpf.ThreadCount)); err != nil {
		return fmt.Errorf("focus: %w", err)
	}
	if code == 0 {
		return nil
	}
	if s.functions.byID(code) == nil {
		return fmt.Errorf("focus: no function %d", code)
	}
	for _, o := range s.functions.objects {
		if o.function.code.ID == code {
			s.focusObject(o)
		}
	}
	s.focus = code
	s.epoch++
	return s.setEpoch(s.epoch)
}

// focusObject marks a code object of the focused function. When there is no
// room its calls by thread are not shown; the function's own count is.
func (s *Source) focusObject(o *object) {
	one := uint32(1)
	_ = s.maps.Focused.Update(&o.key, &one, ebpf.UpdateAny)
}

func (s *Source) setEpoch(epoch uint32) error {
	for _, b := range s.builds {
		if err := b.programs.SetFocus(epoch); err != nil {
			return fmt.Errorf("focus: %w", err)
		}
	}
	return nil
}

// byThread is how often each thread has run the focused function.
func (s *Source) byThread() []collect.ThreadCount {
	var key bpf.ThreadKey
	var n bpf.ThreadCount
	var list []collect.ThreadCount
	f := s.functions.byID(s.focus)
	if f == nil {
		return nil // its process has ended
	}
	pid := f.code.PID
	for it := s.maps.ByThread.Iterate(); it.Next(&key, &n); {
		if key.Epoch != s.epoch {
			continue
		}
		name, _ := proc.System().ThreadName(pid, int(key.Tid)) // empty: it has ended
		list = append(list, collect.ThreadCount{TID: int(key.Tid), Name: name, Calls: n.Calls, Resumes: n.Resumes})
	}
	slices.SortFunc(list, func(a, b collect.ThreadCount) int { return a.TID - b.TID })
	return list
}

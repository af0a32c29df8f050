package live

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"pytop/collect/live/probe"
)

// left keeps the sources that were left: nothing of theirs is to be collected,
// which would close its descriptors.
var left []*Source

// Leave ends what goes on, but detaches nothing: the end of pytop itself does
// that, and must follow at once. The kernel cannot take a breakpoint out in a
// thread for which a SIGKILL waits. If one comes while pytop closes a link, the
// breakpoint stays. In a process that already ends, a SIGKILL has no effect.
func (s *Source) Leave() error {
	if !s.lockWithin(patience) {
		return nil // something that is watched does not answer; pytop's end waits for nothing
	}
	if s.shared.Closed {
		s.mu.Unlock()
		return nil
	}
	s.shared.Closed = true
	s.targets.Stop()
	s.mu.Unlock()
	err := s.halt() // now nobody attaches or detaches
	if spread() {
		left = append(left, s)
		return err
	}
	s.mu.Lock()
	shut := s.probes.each(probe.Probe.Shut)
	s.mu.Unlock()
	return errors.Join(err, shut, s.free())
}

const (
	// fewLinks are closed by one thread in 0.3 s: each takes some 40 ms.
	fewLinks = 8
	// mostThreads is how many threads share more links than that.
	mostThreads = 64
)

// spread gives the links to several threads, since the kernel closes those of
// an ending thread one after the other: 200 of them take 8 s. Each thread gets
// a table of descriptors of its own with its share, and nothing else. Nothing is
// detached by that: each link is in one table at least. False: it is not allowed,
// and all is as before.
func spread() bool {
	links := linkDescriptors()
	if len(links) <= fewLinks {
		return true
	}
	threads := min(len(links), mostThreads)
	errs := make([]error, threads)
	failed := make(chan struct{})
	var ready sync.WaitGroup
	ready.Add(threads)
	for i := range threads {
		var share []int
		for k := i; k < len(links); k += threads {
			share = append(share, links[k])
		}
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with this function
			errs[i] = holdOnly(share)
			ready.Done()
			<-failed
		}()
	}
	ready.Wait()
	if errors.Join(errs...) != nil {
		close(failed)
		return false
	}
	for _, one := range links {
		_ = unix.Close(one) // which does not detach: a thread holds it, too
	}
	return true
}

// holdOnly gives the calling thread its own table of descriptors with only
// those that are listed, which are in order.
func holdOnly(list []int) error {
	if err := unix.Unshare(unix.CLONE_FILES); err != nil {
		return err
	}
	next := 0
	for _, one := range list {
		if one > next {
			if err := unix.CloseRange(uint(next), uint(one-1), 0); err != nil {
				return err
			}
		}
		next = one + 1
	}
	return unix.CloseRange(uint(next), 1<<32-1, 0)
}

// linkDescriptors are pytop's own descriptors of BPF links and of perf events,
// in order.
func linkDescriptors() (list []int) {
	const dir = "/proc/self/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		to, _ := os.Readlink(dir + e.Name()) // or closed meanwhile
		kind, anonymous := strings.CutPrefix(to, "anon_inode:")
		if number, err := strconv.Atoi(e.Name()); err == nil && anonymous && (strings.Contains(kind, "link") || strings.Contains(kind, "perf_event")) {
			list = append(list, number)
		}
	}
	slices.Sort(list)
	return list
}

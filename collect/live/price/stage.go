// Package price measures on pytop's own process what a hit of a program takes,
// and estimates from that what hits take from a target.
package price

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"pytop/collect/live/attach"
	"pytop/collect/proc"
	"pytop/collect/site"
)

const (
	// Rounds is how many rounds a measurement has, of Hits hits each: short
	// enough to be mostly undisturbed.
	Rounds = 40
	Hits   = 100
)

// stage is others' when a measurement has ended: two at one site would pay for
// each other.
var stage sync.Mutex

// Least is what one of a round's hits takes: the least of several rounds,
// since all that disturbs makes it longer.
func Least(round func()) time.Duration {
	least := time.Duration(1 << 62)
	for range Rounds {
		began := time.Now()
		round()
		least = min(least, time.Since(began))
	}
	return least / Hits
}

// OnStage measures a price on a thread that is not the process's first. The
// stage is others' again when what is still attached to pytop itself is gone.
func OnStage[P any](beside func(func()), measure func() (P, link.Link, error)) (price P, err error) {
	stage.Lock()
	var attached link.Link
	onThread(func() { price, attached, err = measure() })
	if attached == nil {
		stage.Unlock()
		return price, err
	}
	beside(func() { // takes some 50 ms
		defer stage.Unlock()
		_ = attach.Close([]link.Link{attached}) // its descriptor is closed in any case, and the probe gone with it
	})
	return price, err
}

// onThread calls f on a thread that is not the process's first.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if unix.Gettid() == os.Getpid() {
			onThread(f) // this goroutine keeps the first thread meanwhile
			return
		}
		f()
	}()
	<-done
}

// ErrMiscounted: the kernel took the probes, and not all hits were counted.
var ErrMiscounted = errors.New("not all hits were counted")

// AttachToSelf attaches a program to an instruction of pytop's own text.
func AttachToSelf(program *ebpf.Program, multi bool, address func() (uint64, error), cookie uint64) (link.Link, error) {
	at, err := address()
	if err != nil {
		return nil, err
	}
	offset, err := ownOffset(at)
	if err != nil {
		return nil, err
	}
	a, err := new(attach.Owner).Open("/proc/self/exe", "pytop itself", multi, os.Getpid())
	if err != nil {
		return nil, err
	}
	a.Cookie = func(site.Site) uint64 { return cookie }
	links, err := a.Put(attach.Probes{Program: program, Sites: []site.Site{{Offset: offset}}})
	if err != nil {
		return nil, fmt.Errorf("calibrate: %w", err)
	}
	return links[0], nil
}

// ownOffset is where an address of pytop's own text is in its file.
func ownOffset(address uint64) (uint64, error) {
	maps, err := proc.System().Maps(0)
	if err != nil {
		return 0, err
	}
	for _, m := range maps {
		if m.Executable() && m.Start <= address && address < m.End {
			return address - m.Start + m.Offset, nil
		}
	}
	return 0, fmt.Errorf("calibrate: %#x is in no mapping", address)
}

// Unsupported tells whether the kernel has no uprobe_multi (Linux 6.6), whose
// attach type is then unknown to it, or one whose hits in threads get lost
// (until 6.6.35 and 6.9.4: its filter takes the PID for a thread's).
func Unsupported(err error) bool {
	return errors.Is(err, ErrMiscounted) || errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.EINVAL)
}

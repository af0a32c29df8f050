// Package perf samples where one thread is in machine code, some hundred
// times a second of the time that it runs. It puts no breakpoint anywhere and
// stops nothing: a clock of the kernel looks at the thread's registers.
package perf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// ringPages hold some hundred samples with full stacks: more than a
	// second's, and they are read 20 times a second. A power of two.
	ringPages = 16
	// MostStack is how many addresses of a stack are kept.
	MostStack = 64
)

// ErrEnded says that the thread is no more.
var ErrEnded = errors.New("the thread has ended")

// Sampler samples one thread. It is not for several goroutines at once.
type Sampler struct {
	fd   int
	page *unix.PerfEventMmapPage
	all  []byte // the page, then the ring
	ring []byte
}

// Open begins to sample a thread, once each period of the processor time that
// it takes, in the kernel too: a thread that is in a system call or has a page
// made is where it called or touched it. A thread that sleeps is not sampled.
// errors.Is(err, fs.ErrPermission): that needs CAP_PERFMON, or what ptrace(2)
// needs and a kernel.perf_event_paranoid below 2; ErrEnded: it is no more.
func Open(tid int, period time.Duration) (*Sampler, error) {
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Sample: uint64(period), Sample_type: unix.PERF_SAMPLE_TID | unix.PERF_SAMPLE_TIME | unix.PERF_SAMPLE_CALLCHAIN,
		Bits:             unix.PerfBitExcludeHv | unix.PerfBitExcludeCallchainKernel | unix.PerfBitUseClockID,
		Clockid:          unix.CLOCK_MONOTONIC,
		Sample_max_stack: MostStack,
		Wakeup:           1 << 30, // nobody waits for it
	}
	fd, err := unix.PerfEventOpen(&attr, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	switch {
	case errors.Is(err, unix.ESRCH):
		return nil, ErrEnded
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("sample thread %d: %w", tid, fs.ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("sample thread %d: %w", tid, err)
	}
	size := os.Getpagesize()
	all, err := unix.Mmap(fd, 0, (1+ringPages)*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map the samples of thread %d: %w", tid, err), unix.Close(fd))
	}
	return &Sampler{fd: fd, page: (*unix.PerfEventMmapPage)(unsafe.Pointer(&all[0])), all: all, ring: all[size:]}, nil
}

// Read returns the samples since it was read last, the oldest first, and how
// many found no room. After an error the unread are given up.
func (s *Sampler) Read() (samples []Sample, lost uint64, err error) {
	head, tail := atomic.LoadUint64(&s.page.Data_head), s.page.Data_tail // which only we write
	b, err := unwrap(s.ring, tail, head)
	atomic.StoreUint64(&s.page.Data_tail, head) // the kernel may write over them now
	if err != nil {
		return nil, 0, err
	}
	var r records
	err = r.parse(b)
	return r.samples, r.lost, err
}

// Close ends sampling.
func (s *Sampler) Close() error {
	return errors.Join(unix.Munmap(s.all), unix.Close(s.fd))
}

package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// ErrKernel: the kernel is too old to count calls, whoever asks.
var ErrKernel = errors.New("counting calls needs Linux 5.15 or later")

// Supported tries what every program needs and Linux 5.15 was the first to
// have: cookies of attached probes. errors.Is(err, ErrKernel) when it has not.
func Supported() error {
	// Before 5.11 the kernel reckons BPF's memory among what a process may
	// lock; where the limit stays, what follows says so.
	limit := rlimit.RemoveMemlock()
	err := features.HaveProgramHelper(ebpf.Kprobe, asm.FnGetAttachCookie)
	if errors.Is(err, ebpf.ErrNotSupported) {
		return fmt.Errorf("%w: this is Linux %s, which has no bpf_get_attach_cookie", ErrKernel, release())
	}
	return errors.Join(err, limit)
}

// explained is an error of loading something into the kernel, or, when the
// kernel is too old for it to succeed, that.
func explained(err error) error {
	if old := Supported(); errors.Is(old, ErrKernel) {
		return old
	}
	return err
}

// release is what the kernel calls itself.
func release() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return "of an unknown version"
	}
	return unix.ByteSliceToString(name.Release[:])
}

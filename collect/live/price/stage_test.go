package price

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOnThread: calibrations run on a thread that is not the first, also when
// they are asked for on the first, and not on the one that asks.
func TestOnThread(t *testing.T) {
	for range 100 {
		ran := false
		onThread(func() { ran = unix.Gettid() != os.Getpid() })
		if !ran {
			t.Fatal("it ran on the first thread, or not at all")
		}
	}
}

// TestUnsupported: what makes pytop try perf event uprobes.
func TestUnsupported(t *testing.T) {
	for _, err := range []error{syscall.EINVAL, syscall.EOPNOTSUPP, ErrMiscounted} {
		if !Unsupported(fmt.Errorf("attach: %w", errors.Join(err))) {
			t.Errorf("%v is the end", err)
		}
	}
	if Unsupported(syscall.EPERM) {
		t.Error("what is not permitted is taken for not supported")
	}
}

package price

import (
	"os"
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

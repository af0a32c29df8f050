package export

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Owner is the user whom files are to belong to, where that is not the one
// that pytop runs as: who called sudo. A nil *Owner is pytop's own user.
type Owner struct {
	UID, GID int
	Groups   []int // supplementary
}

// do runs f with the file system rights of the owner, so that files belong to
// them from the start, and pytop running as root writes nowhere for them, by
// whatever links they put in its way, where they could not write themselves.
func (o *Owner) do(f func() error) error {
	if o == nil || o.UID == os.Geteuid() {
		return f()
	}
	result := make(chan error)
	go func() {
		// The thread's rights are changed for good: it is not unlocked, so
		// that it ends with this goroutine.
		runtime.LockOSThread()
		if err := o.become(); err != nil {
			result <- fmt.Errorf("write as user %d: %w", o.UID, err)
			return
		}
		result <- f()
	}()
	return <-result
}

// become gives the calling thread, alone, the owner's file system rights.
func (o *Owner) become() error {
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		return err
	}
	groups := make([]uint32, len(o.Groups)+1)
	for i, group := range o.Groups {
		groups[i] = uint32(group)
	}
	groups[len(o.Groups)] = uint32(o.GID)
	// Not unix.Setgroups: that changes all threads.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)),
		uintptr(unsafe.Pointer(&groups[0])), 0); errno != 0 {
		return errno
	}
	// setfsuid(2) reports no error: asking again tells what is in force.
	for _, set := range []struct {
		call func(int) (int, error)
		id   int
	}{{unix.SetfsgidRetGid, o.GID}, {unix.SetfsuidRetUid, o.UID}} {
		if _, err := set.call(set.id); err != nil {
			return err
		}
		if now, err := set.call(set.id); err != nil {
			return err
		} else if now != set.id {
			return unix.EPERM
		}
	}
	// setfsuid makes the whole process undumpable: its /proc files would be
	// root's. It was not before, and its memory holds nothing of the owner's.
	if dumpable == 1 {
		return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
	}
	return nil
}

// StateDir is where a user's pytop keeps what has no better place: in
// $XDG_STATE_HOME, if that is absolute, else in ~/.local/state. Empty when
// there is no home, either.
func StateDir(xdgStateHome, home string) string {
	switch {
	case filepath.IsAbs(xdgStateHome):
		return filepath.Join(xdgStateHome, "pytop")
	case filepath.IsAbs(home):
		return filepath.Join(home, ".local", "state", "pytop")
	}
	return ""
}

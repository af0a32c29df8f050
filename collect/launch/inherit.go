package launch

import (
	"fmt"
	"math"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// What the command inherits is what the kernel gives it by fork and exec, but
// none of pytop's capabilities and no descriptor above 2. A shell's 3<file or
// <(command) does not reach it either, as with sudo: what else is open in
// pytop cannot be told from those. The blocked signals, securebits and
// no_new_privs are as pytop got them. Of the ignored signals Go tells of SIGHUP
// and SIGINT alone: any other that pytop got ignored is the default again.

// withhold takes from this thread of ours, and by that from what it forks, what
// a command is not to have. The thread keeps its own capabilities.
func withhold() error {
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keep pytop's descriptors from it: %w", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("keep pytop's ambient capabilities from it: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	err := unix.Capget(&header, &sets[0])
	if err == nil {
		sets[0].Inheritable, sets[1].Inheritable = 0, 0
		err = unix.Capset(&header, &sets[0])
	}
	if err != nil {
		return fmt.Errorf("keep pytop's inheritable capabilities from it: %w", err)
	}
	return nil
}

// ignored are the signals that pytop was started with as ignored, as by nohup(1).
var ignored = func() (list []os.Signal) {
	for _, one := range []os.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(one) {
			list = append(list, one)
		}
	}
	return list
}()

// ignoreAgain has them ignored once more: the command inherits that, and would
// not inherit that pytop handles them.
func ignoreAgain() {
	if len(ignored) > 0 { // none would mean all
		signal.Ignore(ignored...)
	}
}

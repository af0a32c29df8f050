package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Watch tells when a process ends. It holds on to this very process: a later
// one with the same PID cannot be taken for it.
type Watch struct {
	file  *os.File // a pidfd
	ended chan struct{}
	done  chan struct{} // the goroutine has left
	once  sync.Once
}

// OpenWatch begins to watch a process; ErrNoProcess if there is none (a
// zombie has ended: Ended is closed at once). Needs no privilege. Close it.
func OpenWatch(pid int) (*Watch, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		// EINVAL: that number is a thread of another process, or not positive.
		err = ErrNoProcess
	}
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	// Non-blocking, so that Go's poller waits for it, without a thread each.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	w := &Watch{
		file:  os.NewFile(uintptr(fd), "pidfd"),
		ended: make(chan struct{}),
		done:  make(chan struct{}),
	}
	conn, err := w.file.SyscallConn()
	if err != nil {
		w.file.Close()
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	go func() {
		defer close(w.done)
		if err := conn.Read(readable); err == nil {
			close(w.ended)
		}
	}()
	return w, nil
}

// readable tells whether a pidfd can be read, which means that all threads of
// its process have ended.
func readable(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

// Ended is closed when the process has ended. It stays open when the watch
// was closed before.
func (w *Watch) Ended() <-chan struct{} { return w.ended }

// Close stops watching; it may be called more than once.
func (w *Watch) Close() error {
	var err error
	w.once.Do(func() {
		err = w.file.Close()
		<-w.done
	})
	return err
}

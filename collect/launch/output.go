package launch

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// followEvery is how often the output is looked for: about as often as
	// the screen is drawn.
	followEvery = 50 * time.Millisecond
	// keepBehind is how much that was read stays in the file; what lies
	// before is given back to the disk.
	keepBehind = 64 << 20
	// readAtOnce is how much is read of what came since the last time: of more,
	// which the log would not keep, the end.
	readAtOnce = 2 * maxLogSize
)

// output is where a captured command writes: a private file, which it can go
// on writing to when pytop has ended, by a crash too. (A pipe would break
// then and a terminal hang up; both would end it.) pytop follows the file as
// tail -f does, so that the command never waits for a reader.
type output struct {
	log  *Log
	path string
	file *os.File
	null *os.File // the command's stdin

	mu      sync.Mutex // reading
	offset  int64      // up to which it was read
	cleared int64      // up to which it was given back

	once    sync.Once
	stop    chan struct{}
	stopped chan struct{}
}

// openOutput makes the file in a directory, belonging to a user if not nil.
func openOutput(dir string, user *User) (*output, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	// Created new and private, under a name that cannot be foreseen.
	file, err := os.CreateTemp(dir, "pytop-*.log")
	if err != nil {
		null.Close()
		return nil, fmt.Errorf("keep its output: %w", err)
	}
	o := &output{log: &Log{}, path: file.Name(), file: file, null: null,
		stop: make(chan struct{}), stopped: make(chan struct{})}
	// Appending, so that all who write to it write behind each other.
	_, err = unix.FcntlInt(file.Fd(), unix.F_SETFL, unix.O_APPEND)
	if err == nil && user != nil {
		err = file.Chown(user.UID, user.GID)
	}
	if err != nil {
		file.Close()
		null.Close()
		os.Remove(o.path)
		return nil, fmt.Errorf("keep its output in %s: %w", o.path, err)
	}
	go o.follow()
	return o, nil
}

// files are the command's stdin, stdout and stderr.
func (o *output) files() []uintptr {
	return []uintptr{o.null.Fd(), o.file.Fd(), o.file.Fd()}
}

// opened is called when the command has its own copies of files.
func (o *output) opened() { o.null.Close() }

// follow reads the output as it comes.
func (o *output) follow() {
	defer close(o.stopped)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.drain()
		case <-o.stop:
			return
		}
	}
}

// drain reads what there is now.
func (o *output) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	about, err := o.file.Stat()
	if err != nil {
		return // closed
	}
	// Only up to here: who writes faster than this would keep us here. A file
	// may also be made larger than any disk without being written.
	size := about.Size()
	o.offset = min(o.offset, size) // the command may have cut it off
	if more := size - o.offset - readAtOnce; more > 0 {
		o.log.skip(more)
		o.offset += more
	}
	n, _ := io.Copy(o.log, io.NewSectionReader(o.file, o.offset, size-o.offset)) //nolint:errcheck // the rest is read next time
	o.offset += n
	// In large pieces: each costs the file system some work.
	if upTo := o.offset - keepBehind; upTo-o.cleared >= keepBehind/4 {
		// Some file systems cannot; then the file grows.
		unix.Fallocate(int(o.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, o.cleared, upTo-o.cleared) //nolint:errcheck // a file system that cannot punch holes keeps the bytes
		o.cleared = upTo
	}
}

// close stops following the output, and removes the file unless it is to be
// kept. For a nil output it does nothing.
func (o *output) close(keep bool) {
	if o == nil {
		return
	}
	o.once.Do(func() {
		close(o.stop)
		<-o.stopped
		o.drain()
		ours, err := o.file.Stat()
		o.file.Close()
		if keep || err != nil {
			return
		}
		if there, err := os.Lstat(o.path); err == nil && os.SameFile(ours, there) {
			os.Remove(o.path) //nolint:errcheck // a temporary file more
		}
	})
}

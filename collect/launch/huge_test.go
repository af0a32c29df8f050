package launch

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sizes are those to which a command may make its output without writing: the
// first that the file system has.
var sizes = []int64{16e12, 4e12, 100e9}

// TestHugeOutput: of output that is made enormous only the end is read.
func TestHugeOutput(t *testing.T) {
	o, err := openOutput(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close(false)
	if _, err := o.file.WriteString("begun\nhalf"); err != nil {
		t.Fatal(err)
	}
	o.drain()
	i := slices.IndexFunc(sizes, func(size int64) bool { return unix.Ftruncate(int(o.file.Fd()), size) == nil })
	if i < 0 {
		t.Fatal("no file here can be large")
	}
	if _, err := o.file.WriteString("end\n"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	o.drain()
	o.drain()
	if took := time.Since(began); took > time.Second {
		t.Errorf("reading %d bytes took %s", sizes[i], took)
	}
	if got := o.log.Tail(-1); !slices.Equal(got, []string{"begun", "half", "end"}) {
		t.Errorf("%d lines, the last %q", len(got), got[max(0, len(got)-3):])
	}
	if got, want := o.log.Skipped(), uint64(sizes[i]+4-10-readAtOnce); got != want {
		t.Errorf("%d bytes skipped, want %d", got, want)
	}
	// Cut off, and written to again: it is followed as before.
	if err := unix.Ftruncate(int(o.file.Fd()), 3); err != nil {
		t.Fatal(err)
	}
	o.drain()
	if _, err := o.file.WriteString("again\n"); err != nil {
		t.Fatal(err)
	}
	o.drain()
	if got := o.log.Tail(1); !slices.Equal(got, []string{"again"}) {
		t.Errorf("%q", got)
	}
}

// TestHugeEnd: a command that has made its output enormous is left, and ends,
// as fast as any.
func TestHugeEnd(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c",
		"import os\nfor size in 16*10**12, 4*10**12, 10**11:\n" +
			" try: os.ftruncate(1, size)\n except OSError: continue\n break\nos.write(1, b'end\\n')"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Done():
	case <-time.After(5 * time.Second):
		t.Error("its end takes more than five seconds")
	}
	if text(c) != "end\n" || c.Log().Skipped() < 1e10 {
		t.Errorf("%.40q, %d bytes skipped", text(c), c.Log().Skipped())
	}
}

// TestPrivateOutput: the file is the command's and pytop's alone, and new.
func TestPrivateOutput(t *testing.T) {
	o, err := openOutput(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var about unix.Stat_t
	if err := unix.Lstat(o.path, &about); err != nil || about.Mode != unix.S_IFREG|0o600 || about.Nlink != 1 {
		t.Errorf("%o, %v", about.Mode, err)
	}
	// What another has put in its place is neither read nor removed.
	if err := errors.Join(unix.Unlink(o.path), unix.Symlink("/etc/passwd", o.path)); err != nil {
		t.Fatal(err)
	}
	o.drain()
	o.close(false)
	if err := unix.Lstat(o.path, &about); err != nil || len(o.log.Tail(-1)) != 0 {
		t.Errorf("%v, %q", err, o.log.Tail(-1))
	}
}

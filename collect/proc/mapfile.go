package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrOtherFile says that the files found under a mapping's path are not the
// one that is mapped: it was replaced or deleted, or lies out of our sight.
var ErrOtherFile = errors.New("not the file that is mapped")

// MapFile finds a path under which the file of a mapping can be opened from
// here, whatever the process's root directory and mount namespace. That is
// the kernel's own link (/proc/PID/map_files/…), right for chroots and
// deleted files too, where pytop may follow it: CAP_CHECKPOINT_RESTORE or
// CAP_SYS_ADMIN in the initial user namespace. Otherwise it is the path in
// maps, seen from the process's root or from ours, if device and inode show
// that the very same file lies there; errors.Is(err, fs.ErrPermission) when
// that was not to be found out, ErrOtherFile when another file lies there.
func (f *FS) MapFile(pid int, m Mapping) (string, error) {
	if !m.File() {
		return "", f.wrap("find the file of", pid, "maps", fmt.Errorf("%#x-%#x: no file is mapped", m.Start, m.End))
	}
	link := f.path(pid, fmt.Sprintf("map_files/%x-%x", m.Start, m.End))
	if _, err := os.Stat(link); err == nil {
		return link, nil
	}
	if _, err := f.Stat(pid); err != nil {
		return "", err
	}
	tried := error(ErrOtherFile)
	for _, path := range f.candidates(pid, m) {
		same, err := sameFile(path, m)
		if same {
			return path, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			tried = fs.ErrPermission
		}
	}
	return "", fmt.Errorf("find %q of process %d: %w", m.Path, pid, tried)
}

// candidates are the paths under which a mapped file may lie.
func (f *FS) candidates(pid int, m Mapping) []string {
	root := f.path(pid, "root")
	paths := []string{root + m.Path, m.Path}
	if m.Deleted {
		// It may only be called so.
		paths = append(paths, root+m.Path+" (deleted)", m.Path+" (deleted)")
	}
	return paths
}

// sameFile tells whether the file at path is the one that is mapped.
func sameFile(path string, m Mapping) (bool, error) {
	about, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	stat, ok := about.Sys().(*syscall.Stat_t)
	if !ok || !about.Mode().IsRegular() {
		return false, nil
	}
	dev := uint64(stat.Dev) //nolint:unconvert // narrower on other architectures
	if stat.Ino == m.Inode && unix.Major(dev) == m.Major && unix.Minor(dev) == m.Minor {
		return true, nil
	}
	// btrfs and overlayfs give stat another device (and inode) than maps:
	// map the file ourselves, and see what the kernel calls it then.
	return sameWhenMapped(path, m)
}

// sameWhenMapped maps a page of the file at path, unread, and compares the
// device and inode that our own maps show for it with m's.
func sameWhenMapped(path string, m Mapping) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	page, err := unix.Mmap(int(file.Fd()), 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return false, fmt.Errorf("map %s: %w", path, err)
	}
	defer unix.Munmap(page) //nolint:errcheck // it was mapped just above
	own, err := System().Maps(0)
	if err != nil {
		return false, err
	}
	at := address(page)
	for _, ours := range own {
		if ours.Start <= at && at < ours.End {
			return ours.Inode == m.Inode && ours.Major == m.Major && ours.Minor == m.Minor, nil
		}
	}
	return false, nil
}

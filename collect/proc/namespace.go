package proc

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// initial are the inodes of the namespaces that the machine starts with:
// include/linux/proc_ns.h and include/uapi/linux/nsfs.h, fixed since 3.8.
var initial = map[string]uint64{
	"user": 0xEFFFFFFD,
	"pid":  0xEFFFFFFC,
}

// Namespace is a namespace that a process is in.
type Namespace struct {
	Kind  string // "pid", "user", "mnt", …
	Inode uint64
	// Dev is the device as the kernel keeps it (major<<20 | minor): what
	// bpf_get_ns_current_pid_tgid compares. stat(2) encodes it otherwise
	// when the minor is above 255.
	Dev uint64
	// Initial: it is the machine's first; known for "pid" and "user" only.
	Initial bool
}

// Namespace looks up the namespace of a kind that a process is in; 0 is pytop
// itself. Another user's needs CAP_SYS_PTRACE: errors.Is(err, fs.ErrPermission).
func (f *FS) Namespace(pid int, kind string) (Namespace, error) {
	name := "ns/" + kind
	about, err := os.Stat(f.path(pid, name))
	if err != nil {
		return Namespace{}, f.wrap("look up", pid, name, err)
	}
	stat, ok := about.Sys().(*syscall.Stat_t)
	if !ok {
		return Namespace{}, f.wrap("look up", pid, name, errors.ErrUnsupported)
	}
	return Namespace{
		Kind:    kind,
		Inode:   stat.Ino,
		Dev:     kernelDev(uint64(stat.Dev)), //nolint:unconvert // Dev is narrower on other architectures
		Initial: initial[kind] != 0 && stat.Ino == initial[kind],
	}, nil
}

// kernelDev turns a device from stat(2) into the kernel's own encoding.
func kernelDev(dev uint64) uint64 {
	return uint64(unix.Major(dev))<<20 | uint64(unix.Minor(dev))
}

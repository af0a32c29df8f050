package live_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
)

// box is a container made by hand, of mount, PID and host name namespaces: its
// /usr is an overlay whose lower layer is the machine's. For sh, with $1 a
// directory that has obey.py in it, and $2 the interpreter.
const box = `set -e
mount -t tmpfs tmpfs "$1/box"
cd "$1/box"
mkdir upper work root root/usr
mount -t overlay -o "lowerdir=/usr,upperdir=$PWD/upper,workdir=$PWD/work" overlay root/usr
ln -s usr/bin usr/lib usr/lib64 root/
cp "$1/obey.py" root/
cd root
%s
exec /usr/sbin/chroot . "$2" /obey.py
`

// interpreter is the machine's own, under the name of its file.
func interpreter(t *testing.T) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(livetest.Pythons(t)[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// boxed starts the machine's interpreter in a container. before is done in it
// first, rootless says that it has a user namespace of its own, too.
func boxed(t *testing.T, rootless bool, before string) *livetest.Workload {
	t.Helper()
	p := livetest.Pythons(t)[0]
	dir, err := os.MkdirTemp("", "pytop-box-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	source, err := os.ReadFile(filepath.Join(p.Workloads(t), "obey.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "box"), 0o755), os.WriteFile(filepath.Join(dir, "obey.py"), source, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("/bin/sh", "-c", fmt.Sprintf(box, before), "sh", dir, interpreter(t))
	c.Env = p.Command().Env
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
		Unshareflags: syscall.CLONE_NEWNS, // private: nothing that is mounted there is seen here
		Pdeathsig:    syscall.SIGKILL,
	}
	if rootless {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 12345, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 12345, Size: 1}}
		c.SysProcAttr.Credential = &syscall.Credential{NoSetGroups: true} // root there
	}
	return livetest.Begin(t, c)
}

// TestContainer: an interpreter in an overlay file system is counted by its
// PID: as it lies in the lower layer, copied up, and replaced while it runs;
// in a user namespace, too.
func TestContainer(t *testing.T) {
	livetest.NeedRoot(t)
	for _, rootless := range []bool{false, true} {
		for _, test := range []struct{ name, before string }{
			{"lower", ""},
			{"copied up", `touch ".$2"`},
			{"replaced", `cp ".$2" ".$2.new"`},
		} {
			if rootless && test.before != "" {
				continue // whose files are another's there: it may not write
			}
			t.Run(fmt.Sprintf("rootless=%v/%s", rootless, test.name), func(t *testing.T) {
				w := boxed(t, rootless, test.before)
				if test.name == "replaced" {
					name := fmt.Sprintf("/proc/%d/root%s", w.Process.Pid, interpreter(t))
					if err := os.Rename(name+".new", name); err != nil {
						t.Fatal(err)
					}
				}
				s := livetest.Open(t, w, live.Options{Probes: livetest.OnlyCalls})
				livetest.Counted(t, func() *collect.Reading { return livetest.Read(t, s) }, w, "a")
				p := livetest.Read(t, s).Processes[0]
				if p.Process.OwnPID != 1 || p.Status != collect.Exact {
					t.Errorf("own pid %d, %s: %s", p.Process.OwnPID, p.Status, p.Reason)
				}
				if user := map[bool]string{false: "root", true: "12345"}[rootless]; p.Process.User != user {
					t.Errorf("the user is %q, want %s", p.Process.User, user)
				}
				if !strings.HasSuffix(p.Process.Container, "/box/root") {
					t.Errorf("in %q, want what it is chrooted to", p.Process.Container)
				}
			})
		}
	}
}

// TestContainers: two containers over one lower layer, and a process of the
// lower layer itself, are counted once each by one attach, whatever number the
// file has there; one whose file was copied up is another file.
func TestContainers(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	p := livetest.Pythons(t)[0]
	host := livetest.Begin(t, p.Command(p.Workloads(t)+"/obey.py"))
	first := boxed(t, false, "")
	s := livetest.OpenAll(t, live.Options{Probes: livetest.OnlyCalls})
	all := []*livetest.Workload{host, first, boxed(t, true, ""), boxed(t, false, `touch ".$2"`)}
	for n, w := range all {
		livetest.AwaitCounted(t, s, w)
		livetest.Counted(t, func() *collect.Reading { return livetest.Read(t, s) }, w, fmt.Sprintf("n%d", n))
	}
	r := livetest.Read(t, s)
	if len(r.Processes) != len(all) {
		t.Errorf("%d processes, want %d", len(r.Processes), len(all))
	}
	for _, p := range r.Processes {
		if p.Status == collect.Off || p.Status == collect.LowerBound && !strings.Contains(p.Reason, "when it was noticed") {
			t.Errorf("%s: %s %s", p.Process.Command, p.Status, p.Reason)
		}
	}
	s.Locked(func() {
		if n := len(s.Targets().Builds); n != 2 {
			t.Errorf("%d files are attached to, want the lower layer's and the one that was copied up", n)
		}
	})
}

// TestCopiedUp: a file that is copied up after the process has started is not
// the one that it maps, under the same name and number: the probes do not reach
// it, which is said rather than that it calls nothing.
func TestCopiedUp(t *testing.T) {
	livetest.NeedRoot(t)
	w := boxed(t, false, "")
	name := fmt.Sprintf("/proc/%d/root%s", w.Process.Pid, interpreter(t))
	now := time.Now()
	if err := os.Chtimes(name, now, now); err != nil {
		t.Fatal(err)
	}
	s, err := live.Open(live.Options{Probes: livetest.OnlyCalls, PIDs: []int{w.Process.Pid}})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, live.ErrNotReached) {
		t.Errorf("opening says %v, want that it is not reached", err)
	}
}

package proc

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// program is the first executable file mapping of a process.
func program(t *testing.T, pid int) Mapping {
	t.Helper()
	// Between fork and exec a process still has our mappings.
	for range 200 {
		maps, err := System().Maps(pid)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range maps {
			if m.Executable() && m.File() {
				return m
			}
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("process %d maps no file with code", pid)
	return Mapping{}
}

// sameContent fails unless both files hold the same bytes.
func sameContent(t *testing.T, one, other string) {
	t.Helper()
	a, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s and %s differ", one, other)
	}
}

// needRoot skips a test that changes roots or users. As root it never skips.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: chroot, setuid")
	}
}

func TestMapFile(t *testing.T) {
	needRoot(t) // or the kernel's links are not to be followed
	cmd := sleeper(t)
	m := program(t, cmd.Process.Pid)
	path, err := System().MapFile(cmd.Process.Pid, m)
	if err != nil || !strings.Contains(path, "/map_files/") {
		t.Fatalf("%q, %v", path, err)
	}
	sameContent(t, path, m.Path)
	if _, err := System().MapFile(cmd.Process.Pid, Mapping{Path: "[heap]"}); err == nil {
		t.Error("no error for memory without a file")
	}
}

// TestMapFileDeleted runs a program whose file is then replaced by another.
func TestMapFileDeleted(t *testing.T) {
	needRoot(t)
	copied := filepath.Join(t.TempDir(), "sleep (deleted)")
	source, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	m := program(t, cmd.Process.Pid)
	// Not deleted, only called so: found by inode all the same.
	for _, candidate := range System().candidates(cmd.Process.Pid, m) {
		if same, _ := sameFile(candidate, m); same != strings.HasSuffix(candidate, "(deleted)") {
			t.Errorf("%s: same file %t", candidate, same)
		}
	}
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, []byte("another"), 0o755); err != nil {
		t.Fatal(err)
	}
	m = program(t, cmd.Process.Pid)
	path, err := System().MapFile(cmd.Process.Pid, m)
	if err != nil || !m.Deleted {
		t.Fatalf("%+v: %q, %v", m, path, err)
	}
	sameContent(t, path, source)
	for _, candidate := range System().candidates(cmd.Process.Pid, m) {
		if same, _ := sameFile(candidate, m); same {
			t.Errorf("%s was taken for the deleted file", candidate)
		}
	}
}

func TestSameWhenMapped(t *testing.T) {
	m := program(t, 0)
	same, err := sameWhenMapped(m.Path, m)
	if err != nil || !same {
		t.Errorf("our own program: %t, %v", same, err)
	}
	m.Inode++
	if same, err := sameWhenMapped(m.Path, m); err != nil || same {
		t.Errorf("another inode: %t, %v", same, err)
	}
}

func TestReadMemory(t *testing.T) {
	secret := []byte("what is here now")
	got := make([]byte, len(secret))
	if err := ReadMemory(os.Getpid(), address(secret), got); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q, %v", got, err)
	}
	// Two pages, the second of which cannot be read.
	page := os.Getpagesize()
	pages, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(pages)
	if err := unix.Mprotect(pages[page:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		pid     int
		address uint64
		want    error
	}{
		{"half of it", os.Getpid(), address(pages) + uint64(page) - 8, io.ErrUnexpectedEOF},
		{"nothing there", os.Getpid(), 16, syscall.EFAULT},
		{"wraps around", os.Getpid(), 1<<64 - 8, syscall.EFAULT},
		{"no process", noProcess(t), address(secret), ErrNoProcess},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := ReadMemory(test.pid, test.address, got); !errors.Is(err, test.want) {
				t.Errorf("%v, not %v", err, test.want)
			}
		})
	}
	if err := ReadMemory(os.Getpid(), 16, nil); err != nil {
		t.Errorf("no bytes: %v", err)
	}
}

func TestWatch(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watch, err := OpenWatch(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	select {
	case <-watch.Ended():
		t.Fatal("ended before it did")
	case <-time.After(20 * time.Millisecond):
	}
	cmd.Process.Kill()
	select {
	case <-watch.Ended(): // as a zombie: nobody has waited for it yet
	case <-time.After(5 * time.Second):
		t.Fatal("its end was not noticed")
	}
	zombie, err := System().Stat(cmd.Process.Pid)
	if err != nil || !zombie.Ended() {
		t.Errorf("a zombie: %+v, %v", zombie, err)
	}
	if maps, err := System().Maps(cmd.Process.Pid); err != nil || len(maps) != 0 {
		t.Errorf("a zombie's maps: %d, %v", len(maps), err)
	}
	cmd.Wait()
	if _, err := OpenWatch(cmd.Process.Pid); !errors.Is(err, ErrNoProcess) {
		t.Errorf("watch of nothing: %v", err)
	}
}

func TestWatchClosed(t *testing.T) {
	watch, err := OpenWatch(sleeper(t).Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() { watch.Close(); watch.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Fatal("Close hangs")
	}
	select {
	case <-watch.Ended():
		t.Error("closing was taken for the process's end")
	default:
	}
}

// TestUnprivileged runs this test again as nobody, who may not look into
// root's processes.
func TestUnprivileged(t *testing.T) {
	const parent = "PYTOP_TEST_ROOTS_PROCESS"
	if os.Getenv(parent) == "" {
		needRoot(t)
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestUnprivileged$", "-test.v")
		cmd.Env = append(os.Environ(), parent+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if _, err := System().Maps(os.Getppid()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("maps: %v", err)
	}
	if err := ReadMemory(os.Getppid(), 4096, make([]byte, 8)); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("memory: %v", err)
	}
	file := Mapping{Start: 1 << 12, End: 2 << 12, Perms: "r-xp", Inode: 1, Path: "/bin/sh"}
	if _, err := System().MapFile(os.Getppid(), file); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("map file: %v", err)
	}
	// The kernel's links are not for us, even into our own memory: by path.
	cmd := sleeper(t)
	path, err := System().MapFile(cmd.Process.Pid, program(t, cmd.Process.Pid))
	if err != nil || !strings.Contains(path, "/root/") {
		t.Errorf("our own child: %q, %v", path, err)
	}
	if caps, err := System().Capabilities(); err != nil || caps != 0 {
		t.Errorf("capabilities %#x, %v", caps, err)
	}
	if _, err := System().Command(os.Getppid()); err != nil {
		t.Errorf("command: %v", err)
	}
}

package livetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pytop/collect/live"
)

// insideEnv is set where the test runs in a PID namespace of its own.
const insideEnv = "PYTOP_TEST_INSIDE"

// Inside runs a test again in its own PID and mount namespaces, where it sees
// its own processes only: All then watches no other's. True there.
func Inside(t *testing.T) bool {
	t.Helper()
	NeedRoot(t)
	if os.Getenv(insideEnv) == t.Name() {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=60s")
	c.Env = append(os.Environ(), insideEnv+"="+t.Name())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	said, err := c.CombinedOutput()
	t.Logf("%s", said)
	if err != nil {
		t.Error(err)
	}
	return false
}

// Own is a copy of the machine's interpreter: a file that nobody else runs.
func Own(t *testing.T) Python {
	t.Helper()
	p := Pythons(t)[0]
	real, err := filepath.EvalSymlinks(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.Path = filepath.Join(dir, filepath.Base(real))
	if err := os.WriteFile(p.Path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	p.Home = filepath.Dir(filepath.Dir(real))
	return p
}

// OpenAll opens a source on all processes.
func OpenAll(t *testing.T, o live.Options) *live.Source {
	t.Helper()
	o.All = true
	s, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

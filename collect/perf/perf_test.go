package perf

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// needRoot skips what needs CAP_PERFMON; in CI it must be there.
func needRoot(t *testing.T) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		t.Fatal("CI must be able to sample threads")
	default:
		t.Skip("needs CAP_PERFMON: run as root")
	}
}

//go:noinline
func spin(until time.Time) (n int) {
	for time.Now().Before(until) {
		for range 100000 {
			n++
		}
	}
	return n
}

// TestSample: a thread of this program is where it is.
func TestSample(t *testing.T) {
	needRoot(t)
	tid, done := make(chan int), make(chan bool)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		spin(time.Now().Add(time.Second))
		close(done)
	}()
	one := <-tid
	s, err := Open(one, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	samples, lost, err := s.Read()
	if err != nil || lost > 0 || len(samples) < 10 {
		t.Fatalf("%d samples, %d lost, %v", len(samples), lost, err)
	}
	in, called, last := 0, 0, uint64(0)
	for _, one := range samples {
		if one.Time < last {
			t.Errorf("%d comes after %d", one.Time, last)
		}
		last = one.Time
		for i, a := range one.Stack {
			if f := runtime.FuncForPC(uintptr(a)); f != nil && strings.Contains(f.Name(), "perf.spin") {
				in++
				if i+1 < len(one.Stack) {
					if f := runtime.FuncForPC(uintptr(one.Stack[i+1])); f != nil && strings.Contains(f.Name(), "TestSample") {
						called++
					}
				}
				break
			}
		}
	}
	if in < len(samples)/2 || called < in/2 {
		t.Errorf("%d samples, %d of them in spin, %d of them called by the test", len(samples), in, called)
	}
	if again, _, err := s.Read(); err != nil || len(again) > len(samples)/2 {
		t.Errorf("%d samples again, %v", len(again), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestLost: what nobody reads is lost, and counted.
func TestLost(t *testing.T) {
	needRoot(t)
	c := exec.Command("sh", "-c", "while :; do :; done")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	s, err := Open(c.Process.Pid, 20*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	samples, lost := 0, uint64(0)
	for began := time.Now(); lost == 0; {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("nothing is lost, %d samples", samples)
		}
		time.Sleep(time.Second)
		list, n, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		samples, lost = samples+len(list), lost+n
	}
	if samples < 100 {
		t.Errorf("%d samples, %d lost", samples, lost)
	}
}

// TestThreadEnds: a thread that ended leaves what it did, and no error.
func TestThreadEnds(t *testing.T) {
	needRoot(t)
	c := exec.Command("sh", "-c", "while :; do :; done")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(c.Process.Pid, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	c.Process.Kill()
	c.Wait()
	if _, _, err := s.Read(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(c.Process.Pid, time.Millisecond); !errors.Is(err, ErrEnded) {
		t.Errorf("%v", err)
	}
}

// TestPermission: without the capability it says so.
func TestPermission(t *testing.T) {
	needRoot(t)
	got := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock it: the thread ends with its user
		if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534); no != 0 {
			got <- no
			return
		}
		s, err := Open(1, time.Millisecond)
		if err == nil {
			err = errors.Join(errors.New("it was permitted"), s.Close())
		}
		got <- err
	}()
	if err := <-got; !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}

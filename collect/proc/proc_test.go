package proc

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// madeUp is a proc file system with some processes; the machine started at
// the Unix epoch.
func madeUp() *FS {
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return New(fstest.MapFS{
		"uptime":  text("1 1\n"),
		"self":    {Data: []byte("4711"), Mode: fs.ModeSymlink},
		"4711":    {Mode: fs.ModeDir},
		"2/stat":  text("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 3 0 0 20 0 1 0 6 0 0 18446744073709551615 0 0\n"),
		"2/comm":  text("kthreadd\n"),
		"10/stat": text("10 (gone) Z 1 0 0 0 -1 4227084 0 0 0 0 12 7 0 0 20 0 1 0 77 0 0 18446744073709551615 0 0\n"),
		"4711/stat": text("4711 (a) S (b\n) T 17 1 1 0 -1 4194304 5 0 0 0 250 50 9 9 20 0 3 0 123456 999 3 " +
			"18446744073709551615 0 0\n"),
		"4711/cmdline":        text("python3\x00-c\x00print('x y')\x00\x00\x00"),
		"2/cmdline":           text(""),
		"4711/task/4711/comm": text("main\n"),
		"4711/task/4720/comm": text("w\xff\n\n"),
		"4711/task/9/comm":    text("io\n"),
		"4711/status": text("Name:\tpython3\nTgid:\t4711\nTracerPid:\t42\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t6\t7\t8\n" +
			"Groups:\t5 27 \nNSpid:\t4711\t12\t1\nCapEff:\t000000c000080000\n"),
		"bad/stat":  text("?"),
		"3/stat":    text("3 name S\n"),
		"4/status":  text("Uid:\tx\t0\n"),
		"5/cmdline": text("renamed: worker 3"),
	}, "/proc", time.Unix(0, 0))
}

func TestStat(t *testing.T) {
	tests := []struct {
		pid            int
		want           Stat
		ended, stopped bool
	}{
		{2, Stat{PID: 2, Name: "kthreadd", State: 'S', Kernel: true, Threads: 1, StartTicks: 6,
			Start: time.UnixMilli(60), System: 30 * time.Millisecond}, false, false},
		{10, Stat{PID: 10, Name: "gone", State: 'Z', Parent: 1, Threads: 1, StartTicks: 77,
			Start: time.UnixMilli(770), User: 120 * time.Millisecond, System: 70 * time.Millisecond}, true, false},
		{4711, Stat{PID: 4711, Name: "a) S (b\n", State: 'T', Parent: 17, Threads: 3, StartTicks: 123456,
			Start: time.UnixMilli(1234560), User: 2500 * time.Millisecond, System: 500 * time.Millisecond,
			Memory: 3 * uint64(os.Getpagesize())}, false, true},
	}
	if leader := (Stat{State: 'Z', Threads: 3}); leader.Ended() {
		t.Error("a process whose first thread has ended is taken for ended")
	}
	for _, test := range tests {
		got, err := madeUp().Stat(test.pid)
		if err != nil {
			t.Errorf("process %d: %v", test.pid, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("process %d (-want +got):\n%s", test.pid, diff)
		}
		if got.Ended() != test.ended || got.Stopped() != test.stopped {
			t.Errorf("process %d: ended %t, stopped %t", test.pid, got.Ended(), got.Stopped())
		}
	}
	if _, err := madeUp().Stat(99); !errors.Is(err, ErrNoProcess) {
		t.Errorf("missing process: %v, not %v", err, ErrNoProcess)
	}
	if _, err := madeUp().Stat(3); err == nil || errors.Is(err, ErrNoProcess) {
		t.Errorf("short stat: %v", err)
	}
}

func TestStatus(t *testing.T) {
	got, err := madeUp().Status(4711)
	if err != nil {
		t.Fatal(err)
	}
	want := Status{TGID: 4711, UID: 1000, EffectiveUID: 1001, GID: 5, EffectiveGID: 6, Groups: []int{5, 27},
		NSpid: []int{4711, 12, 1}, Tracer: 42, Caps: 1<<CapBPF | 1<<CapPerfmon | 1<<CapSysPtrace}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.OwnPID() != 1 {
		t.Errorf("own PID %d, not 1", got.OwnPID())
	}
	if !got.Caps.Has(CapBPF) || got.Caps.Has(CapSysAdmin) || CapBPF.String() != "CAP_BPF" {
		t.Errorf("capabilities %#x", got.Caps)
	}
	if _, err := madeUp().Status(4); err == nil {
		t.Error("no error for a user that is not a number")
	}
}

func TestCommand(t *testing.T) {
	tests := []struct {
		pid  int
		args []string
		want string
	}{
		{4711, []string{"python3", "-c", "print('x y')"}, "python3 -c print('x y')"},
		{2, nil, "[kthreadd]"},
		{5, []string{"renamed: worker 3"}, "renamed: worker 3"},
	}
	for _, test := range tests {
		args, err := madeUp().Cmdline(test.pid)
		if err != nil || !slices.Equal(args, test.args) {
			t.Errorf("arguments of %d: %q, %v", test.pid, args, err)
		}
		command, err := madeUp().Command(test.pid)
		if err != nil || command != test.want {
			t.Errorf("command of %d: %q, %v", test.pid, command, err)
		}
	}
}

func TestProcesses(t *testing.T) {
	if name, err := madeUp().ThreadName(4711, 4720); err != nil || name != "w\xff\n" {
		t.Errorf("thread %q, %v", name, err)
	}
	pids, err := madeUp().Processes()
	if err != nil || !slices.Equal(pids, []int{2, 3, 4, 5, 10, 4711}) {
		t.Errorf("processes %v, %v", pids, err)
	}
}

func TestTooLarge(t *testing.T) {
	system := New(fstest.MapFS{"1/stat": {Data: make([]byte, maxFile+1)}}, "/proc", time.Time{})
	if _, err := system.Stat(1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v, not %v", err, ErrTooLarge)
	}
}

// sleeper starts a process that does nothing, and ends it with the test.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func TestSystemStat(t *testing.T) {
	before := time.Now()
	cmd := sleeper(t)
	stat, err := System().Stat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if off := stat.Start.Sub(before).Abs(); off > time.Second || stat.Parent != os.Getpid() || stat.Kernel {
		t.Errorf("%+v, started %s from when it did", stat, off)
	}
	status, err := System().Status(cmd.Process.Pid)
	if err != nil || status.UID != os.Getuid() || len(status.NSpid) == 0 || status.NSpid[0] != cmd.Process.Pid {
		t.Errorf("%+v, %v", status, err)
	}
	if UserName(0) != "root" || UserName(1<<30) != "1073741824" {
		t.Errorf("users %q and %q", UserName(0), UserName(1<<30))
	}
}

func TestCPUTimeAndUsage(t *testing.T) {
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
	}
	spent, err := CPUTime(os.Getpid())
	if err != nil || spent < 10*time.Millisecond || spent > time.Hour {
		t.Errorf("CPU time %s, %v", spent, err)
	}
	used, memory, err := System().Usage()
	if err != nil || (used-spent).Abs() > time.Second || memory < 1<<20 || memory > 1<<32 {
		t.Errorf("usage %s, %d bytes, %v; clock says %s", used, memory, err, spent)
	}
	if _, err := CPUTime(noProcess(t)); !errors.Is(err, ErrNoProcess) {
		t.Errorf("CPU time of nothing: %v", err)
	}
}

// noProcess is the PID of a process that has been.
func noProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestNamespace(t *testing.T) {
	ours, err := System().Namespace(0, "pid")
	if err != nil || ours.Inode == 0 || ours.Dev == 0 || ours.Kind != "pid" {
		t.Errorf("%+v, %v", ours, err)
	}
	theirs, err := System().Namespace(sleeper(t).Process.Pid, "pid")
	if err != nil || theirs != ours {
		t.Errorf("a child's %+v, %v; ours %+v", theirs, err, ours)
	}
	if _, err := System().Namespace(noProcess(t), "pid"); !errors.Is(err, ErrNoProcess) {
		t.Errorf("namespace of nothing: %v", err)
	}
	// Minor 0x1234 and major 8: stat(2) has the minor in two parts.
	if got := kernelDev(0x1234&0xff | 8<<8 | (0x1234&^0xff)<<12); got != 8<<20|0x1234 {
		t.Errorf("device %#x", got)
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect/elf"
	"pytop/collect/proc"
)

// TestUsage: each wrong command line gets an answer that says what to type.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want string
	}{
		{"", "say what to watch: pytop -p PID, pytop -- COMMAND, or pytop demo"},
		{"--bogus", "unknown flag: --bogus"},
		{"-p 0", `"0" is not the number of a process, like 4711 or 4711,4712`},
		{"-p -5", `"-5" is not the number of a process`},
		{"-p python", `"python" is not the number of a process`},
		{"-p 1,", `"" is not the number of a process`},
		{"-p 99999999999999999999", "is not the number of a process"},
		{"-p 7,8,7", "-p 7 is given twice: give each PID once"},
		{"-p 7 -p 7", "-p 7 is given twice"},
		{"-p 1 -d 1ms", "--delay 1ms is not between 50ms and 1h"},
		{"-p 1 -d 2h", "is not between 50ms and 1h"},
		{"-p 1 -d soon", `"soon" is not a time like 500ms, 2s or 2`},
		{"-p 1 -d NaN", `"NaN" is not a time`},
		{"-p 1 -d 1e300", `"1e300" is not a time`},
		{"-p 1 --duration -3", `"-3" is not a time like 500ms, 2s or 2`},
		{"-p 1 -n -1", "give 1 or more, or 0 for no end"},
		{"-p 1 -n x", `invalid argument "x" for "-n, --count"`},
		{"-p 1 --top 0", "--top 0 is not a number of functions: give 1 or more"},
		{"-p 1 --sort colour", "--sort colour: the columns are pid, calls_per_s,"},
		{"-p 1 --budget 0", `"0" is not a share like 10%, 0.1 or off`},
		{"-p 1 --budget 150%", "is not a share like 10%, 0.1 or off"},
		{"-p 1 --budget NaN", "is not a share"},
		{"-p 1 --functions 1", "--functions 1 is not between 16 and 16777216"},
		{"-p 1 -o xml", `no format called "xml": known are json, jsonl and csv, and table`},
		{"-p 1 -o out.xml", "a FILE needs one of these extensions"},
		{"watch", "to start a program put -- before it: pytop -- watch"},
		{"doctor two", `"two" is one word too many`},
		{"demo -p 1", "leave out -p"},
		{"-p 1 -- true", "a command after -- is watched alone: leave out the rest"},
		{"doctor -- true", "leave out the rest"},
		{"--", "no command follows --"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			got := pytop(t, strings.Fields(test.args)...)
			got.mustSay(t, exitUsage, "pytop: ", test.want, "pytop --help tells more")
			if got.out != "" {
				t.Errorf("wrote %q to standard output", got.out)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	help := pytop(t, "--help")
	help.mustSay(t, exitDone)
	for _, want := range []string{
		"--pid", "-p", "--delay", "-d", "--count", "-n", "--duration", "--top", "--sort", "--filter", "--budget", "--batch", "--output", "-o",
		"--export-dir", "--functions", "--ascii", "--version", "pytop doctor", "pytop demo", "pytop -- ", "Exit codes:",
	} {
		if !strings.Contains(help.out, want) {
			t.Errorf("%s is not in the help", want)
		}
	}
	got := pytop(t, "--version")
	got.mustSay(t, exitDone)
	if got.out != "pytop "+version+"\n" {
		t.Errorf("--version: %q", got.out)
	}
}

// absent is a PID that no process has.
func absent(t testing.TB) int {
	t.Helper()
	c := exec.Command("true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid // numbers go round: it is not given out again soon
}

func kernelThread(t testing.TB) int {
	t.Helper()
	pids, err := proc.System().Processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if stat, err := proc.System().Stat(pid); err == nil && stat.Kernel {
			return pid
		}
	}
	t.Skip("in a PID namespace of a container no kernel thread is to be seen")
	return 0
}

// TestNoTarget: what is not there or is no CPython of ours.
func TestNoTarget(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const list = "list the Pythons that run with: pgrep -af python"
	sleeper := func(t *testing.T, path string, args ...string) int {
		c := exec.Command(path, args...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill(); c.Wait() })
		time.Sleep(100 * time.Millisecond) // it becomes what it is
		return c.Process.Pid
	}
	for _, test := range []struct {
		name   string
		pid    func(t *testing.T) int
		status int
		want   []string
	}{
		{"none", func(t *testing.T) int { return absent(t) }, exitNoTarget, []string{"no such process", list}},
		{"sleep", func(t *testing.T) int { return sleeper(t, "sleep", "60") }, exitNoTarget, []string{"sleep is not a CPython", list}},
		{"kernel thread", func(t *testing.T) int { return kernelThread(t) }, exitNoTarget, []string{"not a CPython", "a kernel thread", list}},
		{"zombie", func(t *testing.T) int {
			c := exec.Command("true")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Wait() })
			for {
				if stat, err := proc.System().Stat(c.Process.Pid); err != nil || stat.Ended() {
					return c.Process.Pid
				}
				time.Sleep(time.Millisecond)
			}
		}, exitNoTarget, []string{"no such process", "it has ended", list}},
		{"Python 2.7", func(t *testing.T) int { return sleeper(t, pyenv(t, "2.7.18"), "-c", "import time; time.sleep(60)") }, exitNoTarget,
			[]string{"Python 2", "older than Python 3.8", "pytop watches CPython 3.8 to 3.15"}},
		{"Python 3.7", func(t *testing.T) int { return sleeper(t, pyenv(t, "3.7.16"), "-c", "import time; time.sleep(60)") }, exitNoTarget,
			[]string{"Python 3.7", "older than Python 3.8", "pytop watches CPython 3.8 to 3.15"}},
		{"Python 3.16", func(t *testing.T) int { return newer(t) }, exitNotCountable,
			[]string{"Python 3.16", "newer than Python 3.15", "look for a newer pytop"}},
		{"PyPy", func(t *testing.T) int { return sleeper(t, standIn(t)) }, exitNoTarget, []string{"PyPy, not CPython", "vmprof"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pid := fmt.Sprint(test.pid(t))
			pytop(t, "-p", pid, "-n", "1").mustSay(t, test.status, test.want...)

			doctor := pytop(t, "doctor", "-p", pid)
			doctor.mustSay(t, test.status)
			if last := test.want[len(test.want)-1]; !strings.Contains(doctor.out, last) {
				t.Errorf("doctor does not say %q:\n%s", last, doctor.out)
			}
		})
	}
}

// newer starts a CPython that says it is 3.16: pyenv's 3.13 with its library's
// version changed.
func newer(t *testing.T) int {
	t.Helper()
	python := pyenv(t, "3.13.0")
	prefix := filepath.Dir(filepath.Dir(python))
	const library = "libpython3.13.so.1.0"
	data, err := os.ReadFile(filepath.Join(prefix, "lib", library))
	if err != nil {
		t.Skipf("pyenv's 3.13 was built without a shared library, which this changes: %v", err)
	}
	file, err := elf.Open(filepath.Join(prefix, "lib", library))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	changed := 0
	for _, symbol := range []string{"Py_Version", "_PyRuntime"} {
		s, ok := file.Symbol(symbol)
		if !ok {
			t.Fatalf("no %s", symbol)
		}
		for _, segment := range file.Segments() {
			if s.Address < segment.Address || s.Address >= segment.Address+segment.Size {
				continue
			}
			at := data[segment.Offset+s.Address-segment.Address:]
			if symbol == "_PyRuntime" {
				if !bytes.HasPrefix(at, []byte("xdebugpy")) {
					t.Fatal("no cookie at the beginning of _PyRuntime")
				}
				at = at[8:]
			}
			version := binary.LittleEndian.Uint64(at)
			if version>>16 != 0x030d {
				t.Fatalf("%s: version %#x", symbol, version)
			}
			binary.LittleEndian.PutUint64(at, 0x031000f0)
			changed++
		}
	}
	if changed != 2 {
		t.Fatalf("%d places were changed, not 2", changed)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, library), data, 0o755); err != nil {
		t.Fatal(err)
	}
	w := program(t, func(c *exec.Cmd) {
		c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+dir, "PYTHONHOME="+prefix)
	}, python, "-S", "-c", "import os, time; os.write(1, b'waiting\\n'); time.sleep(60)")
	return w.Process.Pid
}

// standIn builds a program with the marks of a PyPy.
func standIn(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI has a C compiler: %v", err)
		}
		t.Skipf("a stand-in for PyPy is compiled: %v", err)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "pypy.c")
	text := "#include <unistd.h>\nvoid pypy_execute_source(void) {}\nvoid rpython_startup_code(void) {}\nint main(void) { sleep(60); }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "pypy3.11")
	if out, err := exec.Command("cc", "-rdynamic", "-o", path, source).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return path
}

// TestEndsDuringAttach starts pytop on processes that end at any moment of
// its attaching: it says so and exits 3, or it has just been ready.
func TestEndsDuringAttach(t *testing.T) {
	needRoot(t)
	t.Parallel()
	ended, ready := 0, 0
	for i := range 24 {
		c := exec.Command(systemPython, "-S", "-c", fmt.Sprintf("import time; time.sleep(%f)", 0.02+float64(i)*0.012))
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { c.Wait(); close(done) }() // reaped at once, in half of the runs before pytop looks
		got := pytop(t, "-p", fmt.Sprint(c.Process.Pid), "-o", "jsonl", "-d", "50ms")
		switch got.status {
		case exitNoTarget:
			ended++
			got.mustSay(t, exitNoTarget, "no such process", "list the Pythons that run")
			if strings.Contains(got.err, "pytop: ready") {
				t.Errorf("ready, and then: %s", got.err)
			}
		case exitDone:
			ready++
			if s := snapshots(t, got.out); !s[len(s)-1].Final || s[len(s)-1].EndReason == nil {
				t.Errorf("the last snapshot does not say that the process ended: %s", got.out)
			}
		default:
			t.Errorf("exit status %d: %s", got.status, got.err)
		}
		<-done
	}
	t.Logf("%d ended before pytop was ready, %d after", ended, ready)
}

// as runs a command as another user, with these capabilities only.
func as(uid uint32, caps ...proc.Cap) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, NoSetGroups: false}}
		for _, one := range caps {
			c.SysProcAttr.AmbientCaps = append(c.SysProcAttr.AmbientCaps, uintptr(one))
		}
	}
}

const nobody = 65534

// counter is a program that all users may read: it calls f ten times, then,
// after a line of input, ten times again, and so on.
const counter = "import sys, os\ndef f(): pass\nos.write(1, b'waiting\\n')\nwhile os.read(0, 1):\n for _ in range(10): f()\n os.write(1, b'done\\n')\n"

// TestNotPermitted: pytop says which capabilities are missing and how to run it.
func TestNotPermitted(t *testing.T) {
	needRoot(t)
	t.Parallel()
	own := program(t, as(nobody), systemPython, "-c", counter)
	other := program(t, nil, systemPython, "-c", counter)
	for _, test := range []struct {
		name string
		pid  string
		caps []proc.Cap
		want []string
	}{
		{"none", own.pid(), nil, []string{"CAP_BPF (to load programs)", "CAP_PERFMON", "CAP_SYS_PTRACE", "are missing"}},
		{"none, another user's", other.pid(), nil, []string{"CAP_BPF", "CAP_PERFMON", "CAP_SYS_PTRACE"}},
		{"CAP_BPF", own.pid(), []proc.Cap{proc.CapBPF}, []string{"CAP_PERFMON (to attach them"}},
		{"CAP_PERFMON", own.pid(), []proc.Cap{proc.CapPerfmon}, []string{"CAP_BPF (to load programs)"}},
		{"CAP_BPF, another user's", other.pid(), []proc.Cap{proc.CapBPF}, []string{"CAP_PERFMON", "CAP_SYS_PTRACE"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := begin(t, as(nobody, test.caps...), "-p", test.pid, "--filter", "a b", "-n", "1").wait(t)
			got.mustSay(t, exitNotPermitted, append(test.want, "pytop: not permitted: ", "; run: sudo "+built+" -p "+test.pid+" --filter 'a b' -n 1")...)
			if n := strings.Count(got.err, "\n"); n != 1 {
				t.Errorf("%d lines, want one: %s", n, got.err)
			}
			for _, have := range test.caps {
				if strings.Contains(got.err, have.String()) {
					t.Errorf("it has %v, and says that is missing: %s", have, got.err)
				}
			}
		})
	}
	t.Run("doctor", func(t *testing.T) {
		t.Parallel()
		got := begin(t, as(nobody), "doctor", "-p", own.pid()).wait(t)
		got.mustSay(t, exitNotPermitted)
		if !strings.Contains(got.out, "CAP_BPF (to load programs)") || !strings.Contains(got.out, "run pytop with sudo") {
			t.Errorf("it does not say what is missing:\n%s", got.out)
		}
	})
	t.Run("command", func(t *testing.T) {
		t.Parallel()
		got := begin(t, as(nobody), "--", systemPython, "-c", "print('ran')").wait(t)
		got.mustSay(t, 125, "not permitted: CAP_BPF")
		if got.out != "" {
			t.Errorf("the command has run: %q", got.out)
		}
	})
}

// TestThreeCapabilities: another user with CAP_BPF, CAP_PERFMON and
// CAP_SYS_PTRACE counts everybody's processes. The kernel's links to mapped
// files are not for it (they need CAP_CHECKPOINT_RESTORE): the file is then
// found by its path, and known by device and inode. Seen on Linux 6.18 with
// kernel.unprivileged_bpf_disabled=2 and kernel.perf_event_paranoid=2.
func TestThreeCapabilities(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for name, change := range map[string]func(*exec.Cmd){"own": as(nobody), "root's": nil, "another user's": as(nobody - 1)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := program(t, change, systemPython, "-c", counter)
			p := begin(t, as(nobody, proc.CapBPF, proc.CapPerfmon, proc.CapSysPtrace), "-p", w.pid(), "--budget", "off", "-o", "json")
			p.ready(t)
			w.obey(t, "", "done")
			w.in.Close()
			s := snapshots(t, p.wait(t).out)
			if got := s[0].calls("f"); got != 10 || s[0].Processes[0].Status != "exact" {
				t.Errorf("counted %d of 10 calls, %s", got, s[0].Processes[0].Status)
			}
		})
	}
}

// TestOutOfReach: with those three, what only the kernel's own links reach is
// refused, with what they need: a deleted file, and one that the user may not open.
func TestOutOfReach(t *testing.T) {
	needRoot(t)
	t.Parallel()
	data, err := os.ReadFile(systemPython)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	private, deleted := filepath.Join(dir, "private/python3"), filepath.Join(dir, "python3")
	if err := os.Mkdir(filepath.Dir(private), 0o700); err != nil {
		t.Fatal(err)
	}
	three := []proc.Cap{proc.CapBPF, proc.CapPerfmon, proc.CapSysPtrace}
	for _, path := range []string{private, deleted} {
		if err := os.WriteFile(path, data, 0o755); err != nil {
			t.Fatal(err)
		}
		w := program(t, func(c *exec.Cmd) { c.Env = append(os.Environ(), "PYTHONHOME=/usr") }, path, "-S", "-c", counter)
		if path == deleted {
			os.Remove(path)
		}
		begin(t, as(nobody, three...), "-p", w.pid(), "-n", "1").wait(t).mustSay(t, exitNotPermitted,
			"not permitted: CAP_CHECKPOINT_RESTORE (to reach", "CAP_DAC_READ_SEARCH (to open", "run: sudo "+built)

		p := begin(t, as(nobody, append(three, proc.CapCheckpointRestore, proc.CapDACReadSearch)...), "-p", w.pid(), "--budget", "off", "-o", "json")
		p.ready(t)
		w.obey(t, "", "done")
		w.in.Close()
		if s := snapshots(t, p.wait(t).out); s[0].calls("f") != 10 {
			t.Errorf("%s: counted %d of 10 calls", path, s[0].calls("f"))
		}
	}
}

// TestTwoCapabilities: without CAP_SYS_PTRACE one's own processes are counted,
// and others' are counted truly or refused for that.
func TestTwoCapabilities(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for name, change := range map[string]func(*exec.Cmd){"own": as(nobody), "root's": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := program(t, change, systemPython, "-c", counter)
			p := begin(t, as(nobody, proc.CapBPF, proc.CapPerfmon), "-p", w.pid(), "--budget", "off", "-o", "json", "--duration", "2")
			for range 100 { // until it is ready or has ended
				if strings.Contains(p.err.String(), "\n") {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			w.obey(t, "", "done")
			got := p.wait(t)
			if name != "own" && got.status == exitNotPermitted {
				got.mustSay(t, exitNotPermitted, "CAP_SYS_PTRACE (to see other users' processes) is missing")
				t.Log("this kernel does not take CAP_PERFMON for reading others' maps")
				return
			}
			got.mustSay(t, exitDone, "ready")
			if s := snapshots(t, got.out); s[0].calls("f") != 10 {
				t.Errorf("counted %d of 10 calls", s[0].calls("f"))
			}
		})
	}
}

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pytop/collect/elf"
	"pytop/collect/proc"
)

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
		{"name with an escape code", func(t *testing.T) int {
			path := filepath.Join(t.TempDir(), "sl\x1b[31meep")
			data, err := os.ReadFile("/bin/sleep")
			if err == nil {
				err = os.WriteFile(path, data, 0o700)
			}
			if err != nil {
				t.Fatal(err)
			}
			return sleeper(t, path, "60")
		}, exitNoTarget, []string{`sl\x1b[31meep is not a CPython`}},
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
		}, exitNoTarget, []string{"no such process", "it has ended (and is a zombie until its parent waits for it)", list}},
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

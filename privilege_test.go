package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect/proc"
)

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

// TestCommandPrivileges: a command gets neither pytop's capabilities nor its
// open files, and is counted all the same.
func TestCommandPrivileges(t *testing.T) {
	needRoot(t)
	t.Parallel()
	const text = "import os\ndef f(): pass\nf()\n" +
		"for line in open('/proc/self/status'):\n if line[:6] in ('CapInh', 'CapEff', 'CapAmb'): print(line.replace('\\t', ' '), end='')\n" +
		"print('open', [fd for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)])\n"
	const none = "0000000000000000"
	sudo := func(c *exec.Cmd) { c.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534") }
	for name, test := range map[string]struct {
		change func(*exec.Cmd)
		root   bool
	}{
		"root":                         {nil, true},
		"sudo":                         {sudo, false},
		"capabilities of another user": {as(nobody, proc.CapBPF, proc.CapPerfmon, proc.CapSysPtrace), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			null, err := os.Open(os.DevNull)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			got := begin(t, func(c *exec.Cmd) {
				if test.change != nil {
					test.change(c)
				}
				c.ExtraFiles = []*os.File{null, null, null}
			}, "-o", "json", "--", systemPython, "-c", text).wait(t)
			got.mustSay(t, 0, "CapInh: "+none, "CapAmb: "+none, "open ['0', '1', '2']")
			if strings.Contains(got.err, "CapEff: "+none) == test.root {
				t.Errorf("capabilities: %s", got.err)
			}
			if n := snapshots(t, got.out)[0].calls("f"); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
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
	dir := t.TempDir()
	private, deleted := filepath.Join(dir, "private/python3"), filepath.Join(dir, "python3")
	if err := os.Mkdir(filepath.Dir(private), 0o700); err != nil {
		t.Fatal(err)
	}
	three := []proc.Cap{proc.CapBPF, proc.CapPerfmon, proc.CapSysPtrace}
	for _, path := range []string{private, deleted} {
		// By another process: while this one has it open to be written, a fork elsewhere in it makes it a "text file busy".
		if out, err := exec.Command("cp", "-L", systemPython, path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
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

package launch

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inherited is a command that tells what it has got.
const inherited = `import json, os
status = dict(line.strip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
fds = [fd for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)]
print(json.dumps({"fds": sorted(map(int, fds)), "status": status}))`

// got is what it told.
type got struct {
	Fds    []int
	Status map[string]string
}

// TestInherit runs this test again as a pytop with capabilities to inherit and
// descriptors left open, whose command has neither.
func TestInherit(t *testing.T) {
	needRoot(t)
	if os.Getenv("PYTOP_TEST_INHERIT") != "" {
		inherit(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `exec 7</dev/null; exec "$0" -test.run='^TestInherit$' -test.v`, self)
	cmd.Env = append(os.Environ(), "PYTOP_TEST_INHERIT=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{AmbientCaps: []uintptr{unix.CAP_SYS_PTRACE}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func inherit(t *testing.T) {
	if _, err := unix.FcntlInt(7, unix.F_GETFD, 0); err != nil {
		t.Fatalf("descriptor 7: %v", err)
	}
	if own, err := os.ReadFile("/proc/thread-self/status"); err != nil || strings.Contains(string(own), "CapAmb:\t0000000000000000") {
		t.Fatalf("no ambient capability to begin with, %v", err)
	}
	library, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(library)
	const none = "0000000000000000"
	for name, user := range map[string]*User{"root": nil, "nobody": {UID: 65534, GID: 65534}} {
		c := start(t, Options{User: user, Args: []string{"/usr/bin/python3", "-c", inherited}})
		if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		var g got
		if err := json.Unmarshal([]byte(text(c)), &g); err != nil {
			t.Fatalf("%v: %q", err, text(c))
		}
		if len(g.Fds) != 3 || g.Fds[2] != 2 {
			t.Errorf("%s: descriptors %v", name, g.Fds)
		}
		if g.Status["CapInh"] != none || g.Status["CapAmb"] != none || (g.Status["CapEff"] == none) != (user != nil) || (g.Status["CapPrm"] == none) != (user != nil) {
			t.Errorf("%s: %v", name, g.Status)
		}
		if g.Status["NoNewPrivs"] != "0" || g.Status["SigBlk"] != none {
			t.Errorf("%s: %v", name, g.Status)
		}
	}
}

// TestInheritSignals: what pytop got ignored and blocked, its command has so.
func TestInheritSignals(t *testing.T) {
	if file := os.Getenv("PYTOP_TEST_SIGNALS"); file != "" {
		c := start(t, Options{Args: []string{"sed", "-n", "/^Sig[BI]/w " + file, "/proc/self/status"}})
		c.Attach(isPython, nil, Patience)
		c.Wait()
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "signals")
	cmd := exec.Command("/usr/bin/python3", "-c", `import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGUSR2])
os.execv(sys.argv[1], sys.argv[1:])`, self, "-test.run=^TestInheritSignals$")
	cmd.Env = append(os.Environ(), "PYTOP_TEST_SIGNALS="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	var blocked, ignored uint64
	const libc = 1<<31 | 1<<32 // the signals that libc keeps for itself
	if err == nil {
		_, err = fmt.Sscanf(string(text), "SigBlk:\t%x\nSigIgn:\t%x", &blocked, &ignored)
	}
	if err != nil || blocked != 1<<(syscall.SIGUSR2-1) || ignored&^libc != 1<<(syscall.SIGHUP-1)|1<<(syscall.SIGINT-1) {
		t.Errorf("%v: %q: %#x are blocked, %#x ignored", err, text, blocked, ignored)
	}
}

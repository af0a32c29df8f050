package demo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pythons are the CPythons of this machine that the demo is to run on.
func pythons(t *testing.T) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	found := []string{"python3"}
	for minor := 8; minor < 20; minor++ {
		some, _ := filepath.Glob(fmt.Sprintf("%s/.pyenv/versions/3.%d.*/bin/python3", home, minor))
		found = append(found, some...)
	}
	return found
}

// run starts the demo and waits until it works.
func run(t *testing.T, w *Workload, python string, parent int) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	args := w.Args(python, parent)
	cmd := exec.Command(args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

// threads are the names of a process's threads.
func threads(pid int) string {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", pid))
	var all strings.Builder
	for _, name := range names {
		data, _ := os.ReadFile(name)
		all.Write(data)
	}
	return all.String()
}

func open(t *testing.T) *Workload {
	t.Helper()
	w, err := Open(-1, -1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(w.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", w.dir)
		}
	})
	return w
}

// TestRuns runs the demo on every version, and ends it with a signal.
func TestRuns(t *testing.T) {
	w := open(t)
	for _, python := range pythons(t) {
		t.Run(python, func(t *testing.T) {
			cmd, out := run(t, w, python, os.Getpid())
			for i := 0; i < 500 && !strings.Contains(threads(cmd.Process.Pid), "report"); i++ {
				time.Sleep(10 * time.Millisecond)
			}
			for _, name := range []string{"checkout-1", "checkout-3", "journal", "stock-sync", "report"} {
				if !strings.Contains(threads(cmd.Process.Pid), name) {
					t.Errorf("no thread %s", name)
				}
			}
			time.Sleep(300 * time.Millisecond)
			cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil || out.Len() > 0 {
				t.Errorf("%v\n%s", err, out)
			}
			if used := cmd.ProcessState.UserTime(); used == 0 {
				t.Error("it did nothing")
			}
		})
	}
}

// TestEndsWithParent gives the demo a parent that is not its own.
func TestEndsWithParent(t *testing.T) {
	cmd, out := run(t, open(t), "python3", os.Getpid()+1)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil || out.Len() > 0 {
			t.Errorf("%v\n%s", err, out)
		}
	case <-time.After(10 * time.Second):
		cmd.Process.Kill()
		t.Error("it runs on")
	}
}

// TestRates profiles the demo for a moment: as many calls as it says, and
// under the file name that it is to have.
func TestRates(t *testing.T) {
	w := open(t)
	profile := `
import collections, os, sys, threading, time
sys.path[0], sys.argv = ` + strconv.Quote(w.dir) + `, ["demo"]
calls, files = collections.Counter(), set()
def count(frame, event, arg):
    if event == "call":
        calls[frame.f_code.co_name] += 1
        files.add(frame.f_code.co_filename)
threading.setprofile(count)
def tell():
    time.sleep(2)
    print(sum(calls.values()) // 2, calls["price"] > 8 * calls["checkout"] > 0, calls["restock"] > 0,
          "demo/shop.py" in files, flush=True)
    os._exit(0)
threading.Thread(target=tell).start()
exec(open(os.path.join(sys.path[0], "demo.py")).read())
`
	out, err := exec.Command("python3", "-c", profile).Output()
	if err != nil {
		t.Fatal(err)
	}
	var perSecond int
	var skewed, coroutines, named bool
	if _, err := fmt.Sscan(string(out), &perSecond, &skewed, &coroutines, &named); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if perSecond < 10_000 || perSecond > 60_000 || !skewed || !coroutines || !named {
		t.Errorf("%s", out)
	}
}

func TestPrivate(t *testing.T) {
	w := open(t)
	for _, path := range []string{w.dir, filepath.Join(w.dir, "shop.py")} {
		about, err := os.Stat(path)
		if err != nil || about.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, about, err)
		}
	}
	if os.Geteuid() != 0 {
		return // what follows is for root
	}
	other, err := Open(65534, 65534)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, path := range []string{other.dir, filepath.Join(other.dir, "shop.py")} {
		about, err := os.Stat(path)
		if err != nil || about.Sys().(*syscall.Stat_t).Uid != 65534 {
			t.Errorf("%s: %+v, %v", path, about, err)
		}
	}
}

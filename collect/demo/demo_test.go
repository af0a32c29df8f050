package demo

import (
	"bytes"
	"context"
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

// TestRates profiles the demo until it has taken a number of orders, however
// long the machine needs for them: as many calls an order, by the threads that
// take them, as make the 30,000 a second that it says, at 240 orders a second,
// its pace, which it does not exceed; and under the file name that it is to have.
func TestRates(t *testing.T) {
	w := open(t)
	profile := `
import collections, os, sys, threading, time
sys.path[0], sys.argv = ` + strconv.Quote(w.dir) + `, ["demo"]
calls, files, by = collections.Counter(), set(), collections.Counter()
def count(frame, event, arg):
    if event == "call":
        calls[frame.f_code.co_name] += 1
        by[threading.get_ident()] += 1
        files.add(frame.f_code.co_filename)
threading.setprofile(count)
began = time.monotonic()
def tell():
    while calls["checkout"] < 480 or not calls["restock"]:
        time.sleep(0.01)
    takers = [t.ident for t in threading.enumerate() if t.name.startswith("checkout-")]
    print(calls["checkout"], sum(by[t] for t in takers), calls["price"], time.monotonic() - began,
          "demo/shop.py" in files, flush=True)
    os._exit(0)
threading.Thread(target=tell).start()
exec(open(os.path.join(sys.path[0], "demo.py")).read())
`
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "python3", "-c", profile).Output()
	if err != nil {
		t.Fatalf("not 480 orders in two minutes: %v", err)
	}
	var orders, calls, prices, seconds float64
	var named bool
	if _, err := fmt.Sscan(string(out), &orders, &calls, &prices, &seconds, &named); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	const pace = 240
	if perSecond := pace * calls / orders; perSecond < 24_000 || perSecond > 40_000 {
		t.Errorf("%.0f calls a second at its pace", perSecond)
	}
	// Each of three threads takes five orders at once and makes up for 0.1 s.
	if most := pace*(seconds+0.1) + 3*5; orders > most {
		t.Errorf("%.0f orders in %.1f s, at most %.0f are its pace", orders, seconds, most)
	}
	if prices < 8*orders || !named {
		t.Errorf("%s", out)
	}
	t.Logf("%.0f orders in %.1f s, %.0f calls an order", orders, seconds, calls/orders)
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

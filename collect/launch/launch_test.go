package launch

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pytop/collect/proc"
)

// role makes the test binary play a command that needs to be made for a test.
const role = "PYTOP_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(role) == "exec from a thread" {
		execFromThread()
	}
	os.Exit(m.Run())
}

// execFromThread executes the arguments from a thread that is not the first,
// as Go programs do.
func execFromThread() {
	os.Unsetenv(role)
	runtime.LockOSThread() // the first thread
	for range 4 {
		go func() { runtime.LockOSThread(); select {} }()
	}
	go func() {
		runtime.LockOSThread()
		time.Sleep(10 * time.Millisecond)
		path, err := find(os.Args[1])
		if err == nil {
			err = syscall.Exec(path, os.Args[1:], os.Environ())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}()
	select {}
}

var known sync.Map // path → bool: files that were looked at

// isPython looks for the function that every CPython has.
func isPython(pid int, m proc.Mapping) bool {
	path, err := proc.System().MapFile(pid, m)
	if err != nil {
		return false
	}
	if is, ok := known.Load(m.Path); ok {
		return is.(bool)
	}
	data, err := os.ReadFile(path)
	is := err == nil && bytes.Contains(data, []byte("_PyEval_EvalFrameDefault"))
	known.Store(m.Path, is)
	return is
}

// pythons are the CPythons of this machine that can be counted.
func pythons(t testing.TB) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for minor := 8; minor < 20; minor++ {
		some, _ := filepath.Glob(fmt.Sprintf("%s/.pyenv/versions/3.%d.*/bin/python3", home, minor))
		if one := fmt.Sprintf("/usr/bin/python3.%d", minor); exec.Command(one, "-c", "").Run() == nil {
			some = append(some, one)
		}
		found = append(found, some...)
	}
	if len(found) == 0 {
		t.Fatal("there is no CPython here: make pythons fetches some")
	}
	return found
}

// start starts a command with its output captured, and closes it at the end.
func start(t *testing.T, o Options) *Command {
	t.Helper()
	o.Capture, o.LogDir = true, t.TempDir()
	c, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.killAll()
		c.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if entries, _ := os.ReadDir(o.LogDir); len(entries) != 0 {
			t.Errorf("left behind: %v", entries)
		}
	})
	return c
}

// text is what a command wrote.
func text(c *Command) string {
	var out strings.Builder
	c.Log().WriteTo(&out)
	return out.String()
}

// held fails unless a process stands still, traced, and has not written.
func held(t *testing.T, c *Command) func(int) error {
	return func(pid int) error {
		t.Helper()
		time.Sleep(5 * time.Millisecond)
		stat, err := proc.System().Stat(pid)
		if err != nil || stat.State != 't' || pid != c.PID() {
			t.Errorf("process %d of %d: state %c, %v", pid, c.PID(), stat.State, err)
		}
		if c.output.drain(); text(c) != "" {
			t.Errorf("it has already run: %q", text(c))
		}
		return nil
	}
}

const say = "import os,sys; print('here', os.getpid())"

// TestAttach finds CPythons behind all kinds of wrappers that execute them.
func TestAttach(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	python := pythons(t)[len(pythons(t))-1]
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		env  string
	}{
		{name: "env", args: []string{"env", "A=b", python, "-c", say}},
		{name: "shell that executes", args: []string{"sh", "-c", "true; ls >/dev/null; exec " + python + ` -c "` + say + `"`}},
		{name: "setarch", args: []string{"setarch", "-R", python, "-c", say}},
		{name: "script", args: []string{write("script.py", "#!/usr/bin/env python3\n"+say+"\n")}},
		{name: "script of python", args: []string{write("direct.py", "#!"+python+"\n"+say+"\n")}},
		{name: "script without interpreter", args: []string{write("plain", "exec "+python+` -c "`+say+`"`)}},
		{name: "from another thread", args: []string{self, python, "-c", say}, env: role + "=exec from a thread"},
		{name: "loader", args: []string{"/lib64/ld-linux-x86-64.so.2", python, "-c", say}},
	}
	for _, python := range pythons(t) {
		tests = append(tests, struct {
			name string
			args []string
			env  string
		}{name: python, args: []string{python, "-c", say}})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, Options{Args: test.args, Env: append(os.Environ(), test.env)})
			called := 0
			err := c.Attach(isPython, func(pid int) error { called++; return held(t, c)(pid) }, Patience)
			if err != nil || called != 1 {
				t.Fatalf("attached %d times, %v", called, err)
			}
			if result := c.Wait(); result.Status() != 0 || text(c) != fmt.Sprintf("here %d\n", c.PID()) {
				t.Errorf("%s; output: %q", result, text(c))
			}
		})
	}
}

// TestHeldWhole: where the command stands, all of the CPython's file is
// mapped, its data too, also of a shared library.
func TestHeldWhole(t *testing.T) {
	for _, python := range pythons(t) {
		c := start(t, Options{Args: []string{python, "-c", say}})
		var inode uint64
		is := func(pid int, m proc.Mapping) bool {
			found := isPython(pid, m)
			if found {
				inode = m.Inode
			}
			return found
		}
		err := c.Attach(is, func(pid int) error {
			maps, err := proc.System().Maps(pid)
			if err != nil {
				return err
			}
			perms := ""
			for _, m := range maps {
				if m.Inode == inode {
					perms += m.Perms + " "
				}
			}
			if !strings.Contains(perms, "r-xp") || !strings.Contains(perms, "rw-p") {
				t.Errorf("%s: mapped are %s", python, perms)
			}
			return nil
		}, Patience)
		if err != nil {
			t.Errorf("%s: %v", python, err)
		}
	}
}

func until(t *testing.T, what func() bool) {
	t.Helper()
	for range 1000 {
		if what() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("waited 5 s in vain")
}

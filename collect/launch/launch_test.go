package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// TestFree: after Attach nobody traces the command.
func TestFree(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-uc", "import time; print(1); time.sleep(60)"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return text(c) == "1\n" })
	status, err := proc.System().Status(c.PID())
	if err != nil || status.Tracer != 0 {
		t.Errorf("traced by %d, %v", status.Tracer, err)
	}
	if result, err := c.End(5 * time.Second); err != nil || result.Status() != 128+15 || result.String() != "killed by SIGTERM" {
		t.Errorf("%s, %v", result, err)
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

func TestNotPython(t *testing.T) {
	dir := t.TempDir()
	static := filepath.Join(dir, "static")
	cc := exec.Command("gcc", "-static", "-x", "c", "-o", static, "-")
	cc.Stdin = strings.NewReader("int main(void) { return 7; }")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	python := pythons(t)[0]
	tests := []struct {
		name   string
		args   []string
		status int
	}{
		{"static", []string{static}, 7},
		{"dynamic", []string{"false"}, 1},
		{"threads", []string{"sh", "-c", "exit 3"}, 3},
		{"killed", []string{"sh", "-c", "kill -9 $$"}, 128 + 9},
		{"python as a child", []string{"sh", "-c", python + " -c 'raise SystemExit(4)'; exit $?"}, 4},
		{"pipe of pythons", []string{"sh", "-c", python + " -c 'print(5)' | cat; exit 6"}, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, Options{Args: test.args})
			err := c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, Patience)
			var not *NotPythonError
			if !errors.As(err, &not) || not.Ended == nil || not.Ended.Status() != test.status {
				t.Errorf("%v", err)
			}
			if got := c.Wait().Status(); got != test.status {
				t.Errorf("status %d, not %d", got, test.status)
			}
		})
	}
}

// TestPatience: what is no CPython for a while runs on untraced.
func TestPatience(t *testing.T) {
	c := start(t, Options{Args: []string{"sh", "-c", "while sleep 0.01; do :; done"}})
	err := c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, 100*time.Millisecond)
	var not *NotPythonError
	if !errors.As(err, &not) || not.Ended != nil {
		t.Fatalf("%v", err)
	}
	<-c.free
	status, err := proc.System().Status(c.PID())
	if err != nil || status.Tracer != 0 {
		t.Errorf("traced by %d, %v", status.Tracer, err)
	}
	if result, err := c.End(time.Second); err != nil || result.Signal != unix.SIGTERM {
		t.Errorf("%s, %v", result, err)
	}
}

func TestAttachFails(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c", say}})
	want := errors.New("no probes today")
	if err := c.Attach(isPython, func(int) error { return want }, Patience); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
	if result := c.Wait(); result.Signal != unix.SIGKILL || text(c) != "" {
		t.Errorf("%s; output %q", result, text(c))
	}
	if err := c.Attach(isPython, nil, 0); err == nil {
		t.Error("attached twice")
	}
}

// TestKilledWhileHeld: SIGKILL does not wait for tracers.
func TestKilledWhileHeld(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c", say}})
	err := c.Attach(isPython, func(int) error { return c.kill() }, Patience)
	if result := c.Wait(); err != nil || result.Signal != unix.SIGKILL {
		t.Errorf("%s, %v", result, err)
	}
}

func TestNeverAttached(t *testing.T) {
	c, err := Start(Options{Args: []string{"sh", "-c", "echo ran"}, Capture: true, LogDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if result := c.Wait(); result.Signal != unix.SIGKILL || text(c) != "" {
		t.Errorf("%s; output %q", result, text(c))
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain-file")
	noProgram := filepath.Join(dir, "garbage")
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.WriteFile(noProgram, []byte("#!/no/such\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin")
	tests := []struct {
		args   []string
		status int
		want   error
	}{
		{nil, 125, nil},
		{[]string{"no-such-command"}, 127, fs.ErrNotExist},
		{[]string{"/no/such/command"}, 127, fs.ErrNotExist},
		{[]string{"plain-file"}, 126, fs.ErrPermission},
		{[]string{file}, 126, fs.ErrPermission},
		{[]string{dir}, 126, nil},
		{[]string{noProgram}, 127, fs.ErrNotExist}, // as env says
		{[]string{""}, 127, fs.ErrNotExist},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			_, err := Start(Options{Args: test.args})
			var start *StartError
			if !errors.As(err, &start) || start.Status() != test.status || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v, %+v", err, start)
			}
		})
	}
}

// TestSignalsWhileTraced: what the command is sent before it is let go, it gets.
func TestSignalsWhileTraced(t *testing.T) {
	python := pythons(t)[0]
	script := `trap 'echo got' USR1; kill -USR1 $$; trap - USR1; exec ` + python + " -c " + strconv.Quote(
		"import signal; print('mask', signal.sigpending() or 'none')")
	c := start(t, Options{Args: []string{"sh", "-c", script}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	if c.Wait(); text(c) != "got\nmask none\n" {
		t.Errorf("%q", text(c))
	}
	// In the moment in which it is held: it is delivered afterwards.
	c = start(t, Options{Args: []string{python, "-c", say}})
	if err := c.Attach(isPython, func(int) error { return c.Forward(unix.SIGTERM) }, Patience); err != nil {
		t.Fatal(err)
	}
	if result := c.Wait(); result.Signal != unix.SIGTERM {
		t.Errorf("%s", result)
	}
}

func TestResult(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c",
		"import time\nx = bytearray(50 << 20)\nwhile time.process_time() < .05: pass\nraise SystemExit(42)"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	result := c.Wait()
	if result.Status() != 42 || result.CPU < 50*time.Millisecond || result.Memory < 50<<20 || result.String() != "exit status 42" {
		t.Errorf("%+v", result)
	}
}

package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// stands fails unless a process beneath the command stands still, traced, and
// has not written.
func stands(t *testing.T, c *Command, pid int) {
	t.Helper()
	time.Sleep(5 * time.Millisecond)
	stat, err := proc.System().Stat(pid)
	if err != nil || stat.State != 't' {
		t.Errorf("process %d: state %c, %v", pid, stat.State, err)
	}
	if c.output.drain(); strings.Contains(text(c), "here") {
		t.Errorf("it has already run: %q", text(c))
	}
}

// TestFamily finds the CPython beneath wrappers that fork, which end as they
// would untraced.
func TestFamily(t *testing.T) {
	python := pythons(t)[len(pythons(t))-1]
	run := python + ` -c "` + say + `"`
	unpacked := `d=$(mktemp -d); cp "$0" "$d/app"; "$d/app" -S -E -c "` + say + `" & wait $!; rm -r "$d"; exit 5`
	for _, test := range []struct {
		name   string
		args   []string
		status int
	}{
		{"itself", []string{python, "-c", say}, 0},
		{"env", []string{"env", "A=b", python, "-c", say}, 0},
		{"nice", []string{"nice", python, "-c", say}, 0},
		{"shell", []string{"sh", "-c", run + "; exit 3"}, 3},
		{"timeout", []string{"timeout", "20", python, "-c", say}, 0},
		{"timeout of a shell", []string{"timeout", "20", "sh", "-c", run + "; exit 4"}, 4},
		{"setsid", []string{"setsid", "-fw", python, "-c", say}, 0},
		{"posix_spawn", []string{"make", "-s", "-f", "/dev/stdin"}, 0},
		{"unpacked", []string{"sh", "-c", unpacked, "/usr/bin/python3"}, 5},
		{"preloading", []string{"sh", "-c", "LD_PRELOAD=libc.so.6 " + run + "; exit 7"}, 7},
		{"pipeline", []string{"sh", "-c", "ls / | grep -q bin && " + run + " | cat; exit 6"}, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.args[0] == "make" {
				makefile := filepath.Join(t.TempDir(), "Makefile")
				if err := os.WriteFile(makefile, []byte("all:\n\t@"+strings.ReplaceAll(run, "$", "$$")+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				test.args[3] = makefile
			}
			c := start(t, Options{Args: test.args, Family: true})
			called := 0
			err := c.Attach(isPython, func(pid int) error { called++; stands(t, c, pid); return nil }, Patience)
			if err != nil || called != 1 {
				t.Fatalf("attached %d times, %v\n%s", called, err, text(c))
			}
			if result := c.Wait(); result.Status() != test.status || strings.Count(text(c), "here") != 1 {
				t.Errorf("%s; output: %q", result, text(c))
			}
		})
	}
}

// TestFamilyInBackground: what outlives the command is found, too.
func TestFamilyInBackground(t *testing.T) {
	done := filepath.Join(t.TempDir(), "done")
	c := start(t, Options{Family: true, Args: []string{"sh", "-c",
		`(sleep .3; ` + pythons(t)[0] + ` -c 'import sys; open(sys.argv[1], "w").close()' "$0") & exit 3`, done}})
	err := c.Attach(isPython, func(pid int) error { stands(t, c, pid); return nil }, Patience)
	if result := c.Wait(); err != nil || result.Status() != 3 {
		t.Errorf("%s, %v", result, err)
	}
	until(t, func() bool { _, err := os.Stat(done); return err == nil })
}

// TestFamilyLetGo: once one is found nobody is traced, whatever it does.
func TestFamilyLetGo(t *testing.T) {
	c := start(t, Options{Family: true, Args: []string{"sh", "-c",
		"sleep 77 & (kill -STOP $(exec sh -c 'echo $PPID'); echo woken) & echo $! >&2; sleep .2; " + pythons(t)[0] + " -c ''; wait $!"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	var stopped int
	if _, err := fmt.Sscan(text(c), &stopped); err != nil {
		t.Fatal(err)
	}
	all, err := proc.System().Processes()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, pid := range all {
		stat, err := proc.System().Stat(pid)
		if err != nil || pid != c.PID() && stat.Parent != c.PID() {
			continue
		}
		n++
		until(t, func() bool {
			status, err := proc.System().Status(pid)
			return err != nil || status.Tracer == 0
		})
	}
	if n < 3 {
		t.Errorf("%d processes, want three or more", n)
	}
	// A signal had stopped one before it was let go, and has it stopped still.
	until(t, func() bool { stat, err := proc.System().Stat(stopped); return err == nil && stat.State == 'T' })
	unix.Kill(stopped, unix.SIGCONT)
	if result := c.Wait(); result.Status() != 0 || !strings.HasSuffix(text(c), "woken\n") {
		t.Errorf("%s; output %q", result, text(c))
	}
}

// TestFamilyJobControl: a shell sees its jobs stop and go on while all are
// traced.
func TestFamilyJobControl(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal(err)
	}
	script := "set -m; sleep 77 & kill -STOP %1; wait -n %1; echo $?; jobs; kill -CONT %1; kill -TERM %1; wait %1; echo $?; " + pythons(t)[0] + " -c ''"
	untraced, err := exec.Command("bash", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, Options{Family: true, Args: []string{"bash", "-c", script}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	if c.Wait(); text(c) != string(untraced) {
		t.Errorf("%q, untraced %q", text(c), untraced)
	}
}

// TestFamilySetUID: while traced, a set-user-ID program has its rights.
func TestFamilySetUID(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	for parent := dir; parent != "/"; parent = filepath.Dir(parent) {
		os.Chmod(parent, 0o755)
	}
	who := filepath.Join(dir, "who")
	cc := exec.Command("gcc", "-x", "c", "-o", who, "-")
	cc.Stdin = strings.NewReader("#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf(\"%d %d\\n\", getuid(), geteuid()); return 0; }")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(who, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	c := start(t, Options{Family: true, User: &User{UID: 65534, GID: 65534}, Args: []string{"sh", "-c", who + "; /usr/bin/python3 -c ''"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	if c.Wait(); text(c) != "65534 0\n" {
		t.Errorf("%q", text(c))
	}
}

// TestFamilyWithout: no CPython among them is said, and the command goes on.
func TestFamilyWithout(t *testing.T) {
	c := start(t, Options{Family: true, Args: []string{"sh", "-c", "ls / | grep -q bin; sleep .1 & wait; exit 3"}})
	err := c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, Patience)
	var not *NotPythonError
	if !errors.As(err, &not) || not.Ended == nil || not.Ended.Status() != 3 || !strings.Contains(err.Error(), "what it started") {
		t.Errorf("%v", err)
	}
	c = start(t, Options{Family: true, Args: []string{"sh", "-c", "for i in 1 2 3 4 5 6; do sleep .1; done; exit 4"}})
	err = c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, 200*time.Millisecond)
	if !errors.As(err, &not) || not.Ended != nil || not.PID != c.PID() || !strings.Contains(err.Error(), "runs on unwatched") {
		t.Errorf("%v", err)
	}
	if result := c.Wait(); result.Status() != 4 {
		t.Errorf("%s", result)
	}
}

// TestFamilyRefused: what cannot be attached to beneath a wrapper runs on, and
// so does that.
func TestFamilyRefused(t *testing.T) {
	c := start(t, Options{Family: true, Args: []string{"sh", "-c", pythons(t)[0] + ` -c "` + say + `"; exit 6`}})
	want := errors.New("no probes today")
	err := c.Attach(isPython, func(int) error { return want }, Patience)
	var unwatched *UnwatchedError
	if !errors.Is(err, want) || !errors.As(err, &unwatched) {
		t.Errorf("%v", err)
	}
	if result := c.Wait(); result.Status() != 6 || !strings.Contains(text(c), "here") {
		t.Errorf("%s; output %q", result, text(c))
	}
}

// TestFamilyEnd: ending a wrapper ends what it has started, once.
func TestFamilyEnd(t *testing.T) {
	c := start(t, Options{Family: true, Args: []string{"sh", "-c", pythons(t)[0] + ` -uc "
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print('told'))
print('here')
time.sleep(.5)
time.sleep(.5)"; true`}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return text(c) == "here\n" })
	if result, err := c.End(5 * time.Second); err != nil || result.Signal != unix.SIGTERM {
		t.Errorf("%s, %v", result, err)
	}
	until(t, func() bool { return strings.HasSuffix(text(c), "told\n") })
	if strings.Count(text(c), "told") != 1 {
		t.Errorf("%q", text(c))
	}
}

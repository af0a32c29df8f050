package launch

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

func TestLog(t *testing.T) {
	l := &Log{}
	for _, piece := range []string{"one\ntw", "o\n", "", "\n", "\x1b[2Jfour"} {
		if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	want := []string{"one", "two", "", "\x1b[2Jfour"}
	if got := l.Tail(-1); !slices.Equal(got, want) || l.Dropped() != 0 {
		t.Errorf("%q, %d dropped", got, l.Dropped())
	}
	if got := l.Tail(2); !slices.Equal(got, want[2:]) {
		t.Errorf("%q", got)
	}
	var out strings.Builder
	if _, err := l.WriteTo(&out); err != nil || out.String() != "one\ntwo\n\n\x1b[2Jfour" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestLogBounds(t *testing.T) {
	many := &Log{}
	for i := range 3 * maxLines {
		fmt.Fprintln(many, i)
	}
	if got := many.Tail(-1); len(got) != maxLines || got[0] != fmt.Sprint(2*maxLines) || many.Dropped() != 2*maxLines {
		t.Errorf("%d lines from %q, %d dropped", len(got), got[0], many.Dropped())
	}
	long := &Log{}
	for range 3 {
		long.Write(make([]byte, maxLogSize+5))
	}
	if got := long.Tail(-1); len(got)*maxLine > maxLogSize+maxLine || long.Dropped() < 2*maxLogSize/maxLine {
		t.Errorf("%d lines of 64 KiB, %d dropped", len(got), long.Dropped())
	}
	long.Write([]byte("\nend"))
	if got := long.Tail(1); !slices.Equal(got, []string{"end"}) {
		t.Errorf("%q", got)
	}
}

// TestCaptured: the command has no terminal, nothing to read, and a session.
func TestCaptured(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c",
		"import os,sys; print(sys.stdin.read() == '', os.getsid(0) == os.getpid()); sys.stderr.write('err')"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	if c.Wait(); text(c) != "errTrue True\n" && text(c) != "True True\nerr" {
		t.Errorf("%q", text(c))
	}
}

// TestLeave: pytop ends, the command goes on, and so does its output.
func TestLeave(t *testing.T) {
	c, err := Start(Options{Args: []string{pythons(t)[0], "-uc",
		"import time\nfor i in range(10**9): print(i); time.sleep(.01)"}, Capture: true, LogDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.kill(); c.Wait() }()
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return strings.HasPrefix(text(c), "0\n1\n") })
	path := c.Leave()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil || before.Mode() != 0o600 {
		t.Fatalf("%v, %v", before, err)
	}
	until(t, func() bool { after, err := os.Stat(path); return err == nil && after.Size() > before.Size() })
	select {
	case <-c.Done():
		t.Errorf("it ended: %s", c.Wait())
	default:
	}
}

// TestEndWithGrace: what ignores SIGTERM is killed, with what it has started.
func TestEndWithGrace(t *testing.T) {
	c := start(t, Options{Args: []string{"sh", "-c", "trap '' TERM; sleep 77 & echo $!; wait; wait; sleep 77"}})
	c.Attach(isPython, nil, 50*time.Millisecond)
	until(t, func() bool { return text(c) != "" })
	var child int
	fmt.Sscan(text(c), &child)
	began := time.Now()
	result, err := c.End(100 * time.Millisecond)
	if err != nil || result.Signal != unix.SIGKILL || time.Since(began) < 100*time.Millisecond {
		t.Errorf("%s after %s, %v", result, time.Since(began), err)
	}
	until(t, func() bool {
		stat, err := proc.System().Stat(child)
		return errors.Is(err, proc.ErrNoProcess) || stat.Ended()
	})
	if _, err := c.End(0); err != nil { // again, of what has ended
		t.Error(err)
	}
}

// TestHoles: of very much output the file keeps only the end.
func TestHoles(t *testing.T) {
	o, err := openOutput(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.close(false)
	block := make([]byte, 1<<20)
	for i := range 2 * keepBehind >> 20 {
		if _, err := o.file.Write(block); err != nil {
			t.Fatal(err)
		}
		if i%32 == 31 {
			o.drain()
		}
	}
	o.drain()
	var about unix.Stat_t
	if err := unix.Stat(o.path, &about); err != nil || about.Size != 2*keepBehind {
		t.Fatalf("%d bytes, %v", about.Size, err)
	}
	if used := about.Blocks * 512; used > keepBehind*3/2 {
		t.Errorf("%d MiB of the disk are used", used>>20)
	}
}

// needRoot skips a test that changes users. As root it never skips.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: another user")
	}
}

func TestSudoUser(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	tests := []struct {
		name string
		euid int
		env  func(string) string
		want int // UID; 0: none
	}{
		{"sudo", 0, env("SUDO_UID", "65534", "SUDO_GID", "65534", "SUDO_USER", "x"), 65534},
		{"no sudo", 0, env(), 0},
		{"root's sudo", 0, env("SUDO_UID", "0", "SUDO_GID", "0"), 0},
		{"not root", 1000, env("SUDO_UID", "65534", "SUDO_GID", "65534"), 0},
		{"not a number", 0, env("SUDO_UID", "ada", "SUDO_GID", "1"), 0},
		{"no group", 0, env("SUDO_UID", "65534"), 0},
		{"unknown", 0, env("SUDO_UID", "4242", "SUDO_GID", "4243", "SUDO_USER", "eve"), 4242},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := SudoUser(test.euid, test.env)
			if (u == nil) != (test.want == 0) || u != nil && u.UID != test.want {
				t.Fatalf("%+v", u)
			}
			if u != nil && !slices.Contains(u.Groups, u.GID) {
				t.Errorf("groups %v without %d", u.Groups, u.GID)
			}
		})
	}
}

// TestAsUser runs a CPython as nobody, as under sudo.
func TestAsUser(t *testing.T) {
	needRoot(t)
	python := "/usr/bin/python3" // nobody may not look into root's home
	if _, err := os.Stat(python); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	u := &User{UID: 65534, GID: 65534, Groups: []int{65534, 4242}, Name: "nobody", Home: "/nonexistent"}
	c := start(t, Options{User: u, Args: []string{python, "-c",
		"import os; print(os.getuid(), os.geteuid(), os.getgid(), sorted(os.getgroups()), *map(os.environ.get, " +
			"('HOME', 'USER', 'LOGNAME', 'SUDO_UID', 'MAIL', 'KEPT')))"},
		Env: []string{"HOME=/root", "USER=root", "SUDO_UID=65534", "SUDO_COMMAND=x", "MAIL=/var/mail/root", "KEPT=yes"}})
	about, err := os.Stat(c.output.path)
	if err != nil || about.Sys().(*syscall.Stat_t).Uid != 65534 {
		t.Errorf("output: %+v, %v", about, err)
	}
	if err := c.Attach(isPython, held(t, c), Patience); err != nil {
		t.Fatal(err)
	}
	want := "65534 65534 65534 [4242, 65534] /nonexistent nobody nobody None None yes\n"
	if c.Wait(); text(c) != want {
		t.Errorf("%q, not %q", text(c), want)
	}
	// What root could run and the user may not is not run.
	private := filepath.Join(dir, "private")
	if err := os.WriteFile(private, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Start(Options{User: u, Args: []string{private}})
	var wrong *StartError
	if !errors.As(err, &wrong) || wrong.Status() != StatusNotRun {
		t.Errorf("%v", err)
	}
}

// TestHeadless runs a pytop of which the command has the input and output:
// this test again, in a role.
func TestHeadless(t *testing.T) {
	if os.Getenv("PYTOP_TEST_HEADLESS") != "" {
		headless(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestHeadless$")
	cmd.Env = append(os.Environ(), "PYTOP_TEST_HEADLESS=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal: SIGINT is to be forwarded
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "question")
	lines := bufio.NewScanner(out)
	if lines.Scan(); lines.Text() != "question" {
		t.Errorf("%q", lines.Text())
	}
	cmd.Process.Signal(unix.SIGINT)
	if lines.Scan(); lines.Text() != "interrupted once" {
		t.Errorf("%q", lines.Text())
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 5 {
		t.Errorf("%v", err)
	}
}

package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"pytop/tui/format"
)

// looks checks what holds for every size of the screen.
func looks(t *testing.T, s *terminal, text string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != s.height {
		t.Errorf("%d lines of %d", len(lines), s.height)
	}
	for i, line := range lines {
		if w := format.Width(line); w > s.width {
			t.Errorf("line %d has %d cells of %d: %s", i, w, s.width, line)
		}
	}
	for _, want := range []string{"CPython 3.", "exact", "tax ", "calls ✓", "FUNCTIONS", "calls/s ▼", "busy.py:", "? help", "q quit"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the screen:\n%s", want, text)
		}
	}
	if !counts(text) {
		t.Errorf("no calls in the header:\n%s", text)
	}
}

// TestScreenBegins: from the first frame to the prompt after it.
func TestScreenBegins(t *testing.T) {
	needRoot(t)
	for _, size := range [][2]int{{80, 24}, {120, 40}, {160, 45}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			target := shop(t, "600")
			s := newTerminal(t, size[0], size[1])
			s.run("--budget off -p", strconv.Itoa(target.Pid))
			looks(t, s, s.watches())
			if patched(t, target.Pid) == 0 {
				t.Error("nothing is attached")
			}
			s.press("q")
			s.ends(exitDone)
			unpatched(t, target.Pid)
		})
	}
}

func TestScreenBrake(t *testing.T) {
	needRoot(t)
	t.Parallel()
	target := shop(t, "600")
	s := watch(t, strconv.Itoa(target.Pid), 100, 30)
	s.press("x")
	s.wants("braked since", "calls off", "?/s", "x attaches again")
	unpatched(t, target.Pid)
	s.press("x")
	s.wants("not counted ", "exact", "calls ✓")
	s.watches()
	if patched(t, target.Pid) == 0 {
		t.Error("nothing is attached again")
	}
}

// TestScreenSuspends: Ctrl-Z takes every probe away, fg puts them back.
func TestScreenSuspends(t *testing.T) {
	needRoot(t)
	t.Parallel()
	target := shop(t, "600")
	s := watch(t, strconv.Itoa(target.Pid), 100, 30)
	s.press("C-z")
	s.await("a prompt", func(text string) bool {
		return strings.Contains(text, promptSign) && !strings.Contains(text, "FUNCTIONS")
	})
	unpatched(t, target.Pid)
	s.write(`clear; fg; echo "[exit $?]"`)
	s.press("Enter")
	s.wants("not counted ", "exact")
	s.watches()
	s.press("q")
	s.ends(exitDone)
}

// TestScreenAlone: where no shell would wake it again, Ctrl-Z does not hang it.
func TestScreenAlone(t *testing.T) {
	needRoot(t)
	t.Parallel()
	target := shop(t, "600")
	s := newTerminal(t, 100, 30)
	s.write("exec " + built + " --budget off -d 0.3 -p " + strconv.Itoa(target.Pid))
	s.press("Enter")
	s.wants("exact")
	s.press("C-z")
	s.wants("no shell would wake pytop again", "exact", "calls ✓")
	s.press("x")
	s.wants("braked since")
	unpatched(t, target.Pid)
}

func TestScreenOverBudget(t *testing.T) {
	needRoot(t)
	t.Parallel()
	target := workload(t, systemPython, "loop.py")
	target.say(t, "run 1000000000")
	s := newTerminal(t, 100, 30)
	s.run("-d 0.3 -p", target.pid())
	text := s.wants("over budget", "counting would take", "Enter counts whatever it costs")
	if n := strings.Count(text, "budget is"); n != 1 {
		t.Errorf("it says %d times what the budget is:\n%s", n, text)
	}
	unpatched(t, target.Process.Pid)
	s.press("Enter")
	s.lacks("over budget")
	s.await("calls", counts)
	s.press("q")
	s.ends(exitDone)
}

// TestScreenTarget: what becomes of the target is said.
func TestScreenTarget(t *testing.T) {
	needRoot(t)
	t.Run("ends", func(t *testing.T) {
		t.Parallel()
		target := shop(t, "4")
		dir := t.TempDir()
		s := watch(t, strconv.Itoa(target.Pid), 100, 30, "--export-dir", dir)
		text := s.wants("process "+strconv.Itoa(target.Pid)+" ended at", "ended, exact", "total ▼")
		if list := rows(strings.Replace(text, "process ", "", 1)); len(list) > 0 && !ordered(list, "total", true) {
			t.Errorf("the last table is not by totals:\n%s", text)
		}
		s.write("/checksum")
		s.wants("checksum", "1 of ")
		s.press("Enter", "e")
		s.wants("wrote " + dir)
		s.press("q")
		s.ends(exitDone)
	})
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		target := shop(t, "600")
		s := watch(t, strconv.Itoa(target.Pid), 80, 24)
		target.Kill() //nolint:errcheck // what follows shows it
		s.wants("process " + strconv.Itoa(target.Pid) + " ended at")
		s.press("C-c")
		s.ends(exitDone)
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		target := shop(t, "600")
		s := watch(t, strconv.Itoa(target.Pid), 80, 24)
		target.Signal(syscall.SIGSTOP) //nolint:errcheck // what follows shows it
		s.wants("stopped by a signal (T)", "kill -CONT "+strconv.Itoa(target.Pid))
		target.Signal(syscall.SIGCONT) //nolint:errcheck // as above
		s.lacks("stopped by a signal")
		s.watches()
	})
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		s := newTerminal(t, 100, 30)
		s.run("-p 4194303") // the largest there can be, seldom reached
		if text := s.ends(exitNoTarget); !strings.Contains(text, "pytop: ") || !strings.Contains(text, "4194303") {
			t.Errorf("it does not say what is missing:\n%s", text)
		}
	})
}

// TestScreenSignals: however it ends, the terminal is as it was and nothing
// is left attached.
func TestScreenSignals(t *testing.T) {
	needRoot(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			target := shop(t, "600")
			s := watch(t, strconv.Itoa(target.Pid), 80, 24)
			links, programs := held(t, s.pytop())
			if len(links) == 0 || len(programs) == 0 {
				t.Error("nothing is attached")
			}
			syscall.Kill(s.pytop(), signal) //nolint:errcheck // what follows shows it
			s.ends(exitDone)
			unpatched(t, target.Pid)
			released(t, links, programs)
		})
	}
	t.Run("terminal lost", func(t *testing.T) {
		t.Parallel()
		target := shop(t, "600")
		s := watch(t, strconv.Itoa(target.Pid), 80, 24)
		pytop := s.pytop()
		links, programs := held(t, pytop)
		s.kill()
		gone(t, pytop)
		unpatched(t, target.Pid)
		released(t, links, programs)
	})
}

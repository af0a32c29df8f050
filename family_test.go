package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChildrenOfWrapper: any CPython beneath a command is counted from its
// first call, and the wrapper ends as it does alone.
func TestChildrenOfWrapper(t *testing.T) {
	needRoot(t) // and not parallel: --children patches all processes of the file, of other tests too
	app := filepath.Join(t.TempDir(), "app.py")
	if err := os.WriteFile(app, []byte("def f(n):\n    return n and f(n - 1)\nfor _ in range(10):\n    f(99)\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	python := systemPython
	background := "import os\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0: os.execv('" + python + "', ['python3', '" + app + "'])\n os._exit(0)\nos.wait()\n"
	for _, test := range []struct {
		name   string
		args   []string
		calls  uint64
		status int
	}{
		{"itself", []string{python, app}, 1000, 0},
		{"shell", []string{"sh", "-c", python + " " + app + "; true"}, 1000, 0},
		{"timeout", []string{"timeout", "20", python, app}, 1000, 0},
		{"env", []string{"env", "A=b", python, app}, 1000, 0},
		{"nice", []string{"nice", python, app}, 1000, 0},
		{"one after the other", []string{"sh", "-c", python + " " + app + "; " + python + " " + app + "; exit 3"}, 2000, 3},
		{"side by side", []string{"sh", "-c", python + " " + app + " & " + python + " " + app + " & wait; exit 4"}, 2000, 4},
		{"pipeline", []string{"sh", "-c", "ls / | " + python + " " + app + " | cat; exit 5"}, 1000, 5},
		{"left behind", []string{"sh", "-c", "(setsid " + python + " " + app + " &) & exit 6"}, 1000, 6},
		{"adopted by init", []string{"sh", "-c", "(" + python + " " + app + " &); sleep .5; " + python + " " + app + "; exit 7"}, 2000, 7},
		{"Python that forks twice", []string{"timeout", "20", python, "-c", background}, 1000, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "run.json")
			got := pytop(t, append([]string{"--children", "--budget", "off", "-o", file, "--"}, test.args...)...)
			got.mustSay(t, test.status, "pytop: ready pid ")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := snapshots(t, string(text))[0]
			if calls := s.calls("f"); calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
			for _, p := range s.Processes {
				if p.Status != "exact" {
					t.Errorf("pid %d: %s", p.PID, p.Status)
				}
			}
		})
	}
}

// TestWrapperWithout: without a CPython, or without --children, it is said
// what to do, and the command's status is pytop's.
func TestWrapperWithout(t *testing.T) {
	needRoot(t)
	t.Parallel()
	got := pytop(t, "--children", "-o", "json", "--", "sh", "-c", "ls / >/dev/null; exit 3")
	got.mustSay(t, 3, "the command ended (exit status 3), and neither it nor what it started was a CPython")
	got = pytop(t, "-o", "json", "--", "sh", "-c", systemPython+" -c ''; exit 4")
	got.mustSay(t, 4, "without having been a CPython", "add --children")
	old := pyenv(t, "3.7.16")
	got = pytop(t, "--children", "-o", "json", "--", "sh", "-c", old+" -c ''; "+systemPython+" -c 'def f(): pass\nf()'; exit 5")
	if got.mustSay(t, 5, "pytop: ready pid "); snapshots(t, got.out)[0].calls("f") != 1 {
		t.Errorf("counted %d calls, want 1", snapshots(t, got.out)[0].calls("f"))
	}
}

// TestWrapperNotPermitted: what may not be watched runs on, and it is said.
func TestWrapperNotPermitted(t *testing.T) {
	needRoot(t)
	t.Parallel()
	got := begin(t, func(c *exec.Cmd) { as(nobody)(c) }, "--children", "-o", "json", "--", "sh", "-c", systemPython+" -c 'print(1)'; exit 6").wait(t)
	got.mustSay(t, 6, "CAP_BPF", "runs on")
	if !strings.Contains(got.out+got.err, "1\n") {
		t.Errorf("it has not run: %q", got.out)
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// worker is a command: it prints, works, and ends with 3; with 7 by SIGTERM.
const worker = `
import signal, sys, time
def work(): pass
def end(*_):
    print("told to end")
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
print("\033[31mat\twork\033[0m", flush=True)
until = time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    for _ in range(500):
        work()
    time.sleep(0.02)
print("done")
sys.exit(3)
`

// command starts pytop with a worker on a screen.
func command(t *testing.T, seconds string) (s *terminal, pid int) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "worker.py")
	if err := os.WriteFile(script, []byte(worker), 0o600); err != nil {
		t.Fatal(err)
	}
	s = newTerminal(t, 100, 30)
	s.run("--budget off -d 0.3 --", systemPython, script, seconds)
	text := s.wants("LOG  output of worker.py "+seconds, "   at      work", "exact")
	found := regexp.MustCompile(`pid (\d+)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no pid on the screen:\n%s", text)
	}
	pid, _ = strconv.Atoi(found[1])
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) }) //nolint:errcheck // it has mostly ended
	return s, pid
}

// TestScreenCommand: what becomes of a command that pytop started.
func TestScreenCommand(t *testing.T) {
	needRoot(t)
	const question = "worker.py 600 still runs: w wait  l leave it  e end it  Esc stay"
	printed := func(t *testing.T, text, last string) {
		t.Helper()
		if !strings.Contains(text, "\nat      work\n") || !strings.Contains(text, "\n"+last+"\n") {
			t.Errorf("what it printed is not on the terminal:\n%s", text)
		}
	}
	tests := map[string]func(*testing.T){
		"counted from its start": func(t *testing.T) {
			s, _ := command(t, "600")
			s.write("/work")
			s.await("work", func(text string) bool {
				list := rows(text)
				return len(list) > 0 && list[0].function == "work" && number(list[0].cells["total"]) >= 500
			})
			s.press("Enter", "q")
			s.wants(question)
			s.press("Escape")
			s.wants("? help")
			s.press("C-c")
			s.wants(question)
			s.press("e")
			printed(t, s.ends(7), "told to end")
		},
		"wait": func(t *testing.T) {
			s, pid := command(t, "6")
			s.press("q")
			s.wants("still runs")
			s.press("w")
			s.wants(fmt.Sprintf("pytop: waiting for process %d", pid))
			printed(t, s.ends(3), "done")
		},
		"wait, then end": func(t *testing.T) {
			s, _ := command(t, "600")
			s.press("q")
			s.wants(question)
			s.press("w")
			s.wants("pytop: waiting for process")
			s.press("C-c")
			printed(t, s.ends(7), "told to end")
		},
		"leave": func(t *testing.T) {
			s, pid := command(t, "600")
			s.press("q")
			s.wants(question)
			s.press("l")
			text := s.ends(exitDone)
			found := regexp.MustCompile(`process (\d+) runs on; its output goes to (\S+)`).FindStringSubmatch(text)
			if found == nil || found[1] != strconv.Itoa(pid) {
				t.Fatalf("it does not say where its output goes:\n%s", text)
			}
			defer os.Remove(found[2])
			unpatched(t, pid)
			if about, err := os.Stat(found[2]); err != nil || about.Mode().Perm() != 0o600 {
				t.Errorf("its output: %v", err)
			}
		},
		"ends": func(t *testing.T) {
			s, _ := command(t, "2")
			s.wants("ended at", "output of worker.py 2, ended", "   done")
			s.press("q")
			printed(t, s.ends(3), "done")
		},
		"signal": func(t *testing.T) {
			s, pid := command(t, "600")
			syscall.Kill(s.pytop(), syscall.SIGTERM) //nolint:errcheck // what follows shows it
			printed(t, s.ends(7), "told to end")
			gone(t, pid)
		},
		"terminal lost": func(t *testing.T) {
			s, pid := command(t, "600")
			pytop := s.pytop()
			s.kill()
			gone(t, pytop)
			gone(t, pid)
		},
		"not there": func(t *testing.T) {
			s := newTerminal(t, 100, 30)
			s.run("-- no-such-command")
			if text := s.ends(127); !strings.Contains(text, "no-such-command") {
				t.Errorf("it does not say what is missing:\n%s", text)
			}
		},
		"demo": func(t *testing.T) {
			s := newTerminal(t, 100, 30)
			s.run("demo --budget off")
			s.watches()
			s.press("q")
			s.ends(exitDone)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

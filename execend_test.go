package main

import (
	"os"
	"strings"
	"testing"
)

// TestExecEndsAtOnce: a command that execs another CPython, which ends before
// pytop has attached to it, keeps what was counted. Its counts are a lower bound
// each time, and the reason says what is missing.
func TestExecEndsAtOnce(t *testing.T) {
	needRoot(t)
	t.Parallel()
	other := pyenv(t, "3.12.1")
	script := t.TempDir() + "/launcher.py"
	const text = `import os, sys, time
def work(): pass
def other(): pass
if len(sys.argv) > 2:
    for i in range(1000): work()
    os.execv(sys.argv[1], [sys.argv[1], "-S", __file__, sys.argv[2]])
for i in range(20000): other()
time.sleep(float(sys.argv[1]))
`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, sleep := range []string{"0", "0", "0.01", "0.02", "0.03", "0.05", "0.1"} {
		got := pytop(t, "--budget", "off", "-o", "json", "--", systemPython, "-S", script, other, sleep)
		if got.status != 0 {
			t.Fatalf("status %d: %s", got.status, got.err)
		}
		s := snapshots(t, got.out)[0]
		p := s.Processes[0]
		if s.calls("work") != 1000 || p.Status != "lower_bound" || p.Reason == nil || !strings.HasPrefix(*p.Reason, "it exec'd ") {
			reason := ""
			if p.Reason != nil {
				reason = *p.Reason
			}
			t.Errorf("sleep %s: %d calls, %s: %q", sleep, s.calls("work"), p.Status, reason)
		} else {
			t.Logf("sleep %s: %s", sleep, *p.Reason)
		}
	}
}

// TestShortCommandIsExact: a process that is about to end has given up its memory,
// and looks as if it ran something else. It has not exec'd.
func TestShortCommandIsExact(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for range 8 {
		got := pytop(t, "--budget", "off", "-o", "json", "--", systemPython, "-S", "-c", "pass")
		if p := snapshots(t, got.out)[0].Processes[0]; p.Status != "exact" || p.Reason != nil {
			t.Errorf("%s: %s", p.Status, got.out)
		}
	}
}

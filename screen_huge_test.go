package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// enormous is a command that makes its output as large as a file can be.
const enormous = `
import os, sys, time
print("begun", flush=True)
time.sleep(0.3)
for size in 16 * 10**12, 4 * 10**12, 10**11:
    try:
        os.ftruncate(1, size)
        break
    except OSError:
        pass
print("the end of it", flush=True)
while True:
    time.sleep(0.02)
`

// TestScreenHugeOutput: pytop reads the end of it, and ends as fast as ever.
func TestScreenHugeOutput(t *testing.T) {
	needRoot(t)
	t.Parallel()
	script := filepath.Join(t.TempDir(), "enormous.py")
	if err := os.WriteFile(script, []byte(enormous), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newTerminal(t, 100, 30)
	s.run("--budget off -d 0.3 --", systemPython, script)
	s.wants("the end of it", "exact")
	s.press("q")
	s.wants("still runs")
	began := time.Now()
	s.press("e")
	text := s.ends(128 + 15)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("quitting took %s", took)
	}
	if !strings.Contains(text, "of its output only the last 2 lines are kept") || !strings.Contains(text, "\nthe end of it\n") {
		t.Errorf("it does not say what is dropped:\n%s", text)
	}
}

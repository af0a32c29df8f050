package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pytop/collect/launch"
)

// TestFewFiles: where pytop may have too few files open, it says that, and
// nothing of the kernel.
func TestFewFiles(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := program(t, nil, systemPython, "-c", counter)
	few := func(n int) func(*exec.Cmd) {
		return func(c *exec.Cmd) {
			c.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, n)}, c.Args...)
			c.Path = "/bin/sh"
		}
	}
	for n := 14; n <= 44; n += 5 {
		for want, args := range map[int][]string{
			exitFailure:          {"-o", "json", "-n", "1", "-p", w.pid()},
			launch.StatusFailure: {"-o", "json", "--", systemPython, "-c", "pass"},
		} {
			t.Run(fmt.Sprint(n, " ", args[2]), func(t *testing.T) {
				got := begin(t, few(n), args...).wait(t)
				got.mustSay(t, want, fmt.Sprintf("too many open files: the limit is %d; raise the limit with: ulimit -n 1024", n))
				if strings.Contains(got.err, "v4.6") || strings.Contains(got.err, "doctor") || strings.Count(got.err, "\n") != 1 {
					t.Errorf("it says more: %s", got.err)
				}
			})
		}
	}
	got := begin(t, few(24), "doctor", "-p", w.pid()).wait(t)
	if !strings.Contains(got.out, "too many open files: the limit is 24") || strings.Contains(got.out, "v4.6") {
		t.Errorf("doctor does not say it:\n%s", got.out)
	}
}

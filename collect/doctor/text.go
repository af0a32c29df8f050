package doctor

import (
	"fmt"
	"path/filepath"
	"strings"

	"pytop/collect/live"
)

// text says how a process's code differs from its files.
func text(pid int, t live.Text, err error) Check {
	const name = "text"
	if err != nil {
		return ok(name, "not compared: "+err.Error())
	}
	var also []string
	if t.Owned > 0 {
		also = append(also, fmt.Sprintf("%s of a tracer that runs now", count(t.Owned, "breakpoint")))
	}
	if t.Others > 0 {
		also = append(also, fmt.Sprintf("its text differs from its file in %s (patched by something else)", count(t.Others, "byte")))
	}
	switch {
	case t.Left == 0 && len(also) == 0:
		var files []string
		for _, one := range t.Files {
			files = append(files, filepath.Base(one))
		}
		return ok(name, "as in its file: "+strings.Join(files, ", "))
	case t.Left == 0:
		return ok(name, strings.Join(also, "; "))
	}
	found := fmt.Sprintf("%s left in its text by a process that is gone (a killed pytop)", count(t.Left, "breakpoint"))
	if t.Unsure {
		found = fmt.Sprintf("%s in its text, left by a killed pytop, or of a tracer that runs now: the kernel does not tell", count(t.Left, "breakpoint"))
	}
	return Check{name, Weak, strings.Join(append([]string{found}, also...), "; "),
		fmt.Sprintf("each hit costs it a trap; to take them out, attach and detach once: pytop -p %d -n 1 --batch", pid)}
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

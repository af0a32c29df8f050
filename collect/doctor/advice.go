package doctor

import (
	"errors"
	"io/fs"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"pytop/collect/cpython"
	"pytop/collect/live"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// Kind says what went wrong, as far as exit codes tell it apart.
type Kind int

// The kinds of errors.
const (
	Failure      Kind = iota
	NoTarget          // no such process, or none that is a CPython
	NotPermitted      // a privilege is lacking
	NotCountable      // permitted, but its calls cannot be counted
)

// Classify says of which kind an error is.
func Classify(err error) Kind {
	var unproven *site.Error
	if few, _ := OutOfFiles(err); few != "" {
		return Failure
	}
	switch {
	case errors.Is(err, live.ErrKernel):
		return NotCountable
	case errors.Is(err, fs.ErrPermission), errors.Is(err, proc.ErrOtherFile): // it is there, and its path from here leads elsewhere
		return NotPermitted
	case errors.Is(err, proc.ErrNoProcess), errors.Is(err, cpython.ErrNotPython), errors.Is(err, cpython.ErrPyPy), errors.Is(err, cpython.ErrOld):
		return NoTarget
	case errors.Is(err, cpython.ErrNew), errors.Is(err, cpython.ErrMachine), errors.Is(err, cpython.ErrTraceRefs),
		errors.Is(err, cpython.ErrCorrupt), errors.As(err, &unproven), errors.Is(err, live.ErrNotCode), errors.Is(err, live.ErrNotReached), errors.Is(err, live.ErrMoved), errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, btf.ErrNotFound):
		return NotCountable
	}
	return Failure
}

// Advice is the next step after an error; empty: there is none to name.
func Advice(err error) string {
	if few, advice := OutOfFiles(err); few != "" {
		return advice
	}
	switch {
	case errors.Is(err, live.ErrKernel):
		return "boot a newer kernel; what else there is here says: pytop doctor"
	case Classify(err) == NotPermitted:
		if lacks := Lacks(err); lacks != "" {
			return lacks + "; run pytop with sudo, or see: pytop doctor"
		}
		return "see what is missing with: pytop doctor"
	case errors.Is(err, proc.ErrNoProcess):
		return "list the Pythons that run with: pgrep -af python"
	case errors.Is(err, cpython.ErrPyPy):
		return "pytop watches CPython only; PyPy has its own profiler (vmprof)"
	case errors.Is(err, cpython.ErrOld):
		return "pytop watches CPython 3.8 to 3.15"
	case errors.Is(err, cpython.ErrNotPython):
		return "list the Pythons that run with: pgrep -af python; if this is a wrapper, give the PID of the Python that it started, or watch it with --children"
	case errors.Is(err, cpython.ErrNew):
		return "look for a newer pytop: each version of CPython must be known to be counted truly"
	case errors.Is(err, cpython.ErrTraceRefs):
		return "use a build without --with-trace-refs"
	case errors.Is(err, live.ErrMoved):
		return "start the program without what moves its code (huge pages for code, in its settings or preloaded)"
	case errors.Is(err, live.ErrNotReached):
		return "restart the process: it runs a file that can no longer be opened, and its successor the one that can"
	}
	switch Classify(err) {
	case NotCountable:
		return "see what was found with: pytop doctor -p PID, and please report it"
	}
	return ""
}

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"pytop/collect/cpython"
	"pytop/collect/live"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// TestAdvice: each error has its kind, and each kind a next step.
func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		err  error
		kind Kind
		want string // in the advice
	}{
		{proc.ErrNoProcess, NoTarget, "pgrep -af python"},
		{cpython.ErrNotPython, NoTarget, "pgrep -af python"},
		{cpython.ErrPyPy, NoTarget, "vmprof"},
		{cpython.ErrOld, NoTarget, "3.8 to 3.15"},
		{cpython.ErrNew, NotCountable, "newer pytop"},
		{cpython.ErrMachine, NotCountable, "doctor -p PID"},
		{cpython.ErrTraceRefs, NotCountable, "--with-trace-refs"},
		{cpython.ErrCorrupt, NotCountable, "doctor -p PID"},
		{live.ErrNotReached, NotCountable, "restart"},
		{live.ErrMoved, NotCountable, "huge pages"},
		{&site.Error{}, NotCountable, "doctor -p PID"},
		{ebpf.ErrNotSupported, NotCountable, "pytop doctor"},
		{btf.ErrNotFound, NotCountable, "pytop doctor"},
		{fmt.Errorf("%w: %w", live.ErrKernel, syscall.EPERM), NotCountable, "newer kernel"},
		{fs.ErrPermission, NotPermitted, "pytop doctor"},
		{proc.ErrOtherFile, NotPermitted, "pytop doctor"},
		{syscall.EPERM, NotPermitted, "pytop doctor"},
		{syscall.EACCES, NotPermitted, "pytop doctor"},
		{syscall.EMFILE, Failure, "ulimit -n"},
		{errors.New("can't dup fd: " + syscall.EMFILE.Error()), Failure, "ulimit -n"},
		{errors.New("the disk is on fire"), Failure, ""},
	} {
		err := fmt.Errorf("process 7: %w", errors.Join(errors.New("first"), test.err))
		if got := Classify(err); got != test.kind {
			t.Errorf("%v: kind %d, want %d", test.err, got, test.kind)
		}
		if got := Advice(err); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%v: advice %q, want %q", test.err, got, test.want)
		}
	}
}

// TestMachine: each check has a verdict, and what is not well has advice.
func TestMachine(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Machine() {
		if c.Name == "" || c.Found == "" || seen[c.Name] {
			t.Errorf("check %+v", c)
		}
		if seen[c.Name] = true; c.Verdict != OK && c.Advice == "" {
			t.Errorf("%s is %s (%s), and there is no advice", c.Name, c.Verdict, c.Found)
		}
	}
	if !seen["privileges"] || !seen["counting"] || !seen["BTF"] || !seen["uprobes"] {
		t.Errorf("checks: %v", seen)
	}
}

// TestTargetMissing: the checks of a process that is not there say what to do.
func TestTargetMissing(t *testing.T) {
	list, err := Target(1 << 22)
	if err == nil || len(list) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	if last := list[len(list)-1]; last.Verdict != Missing || last.Advice == "" {
		t.Errorf("%+v", last)
	}
}

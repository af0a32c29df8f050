package stack

import (
	"sync/atomic"

	"pytop/collect/proc"
)

// machine is what a Process asks of the machine that the target runs on. Tests
// make one up.
type machine interface {
	// read fills a buffer from the target's memory.
	read(at uint64, to []byte) error
	// tids lists the target's threads, ascending.
	tids() ([]int, error)
	// slices is how often a thread was given a CPU.
	slices(tid int) (uint64, error)
	// sleeps tells whether a thread was asleep, and off its CPU, at an instant
	// of the call.
	sleeps(tid int) bool
	// cpu is where a thread runs, or waits to run, or ran last.
	cpu(tid int) (int, error)
	// on calls do, all of it on one CPU, or says why it did not.
	on(cpu int, do func()) error
}

// target is a process of this machine.
type target struct {
	pid   int
	bound atomic.Bool // who reads is bound to a CPU
}

func (t *target) tids() ([]int, error)           { return proc.System().TIDs(t.pid) }
func (t *target) slices(tid int) (uint64, error) { return proc.System().Slices(t.pid, tid) }
func (t *target) cpu(tid int) (int, error)       { return proc.System().CPU(t.pid, tid) }

// read gives up on memory that does not answer, but for who is bound to a CPU:
// another thread would not be.
func (t *target) read(at uint64, to []byte) error {
	if t.bound.Load() {
		return proc.ReadMemoryHere(t.pid, at, to)
	}
	return proc.ReadMemory(t.pid, at, to)
}

func (t *target) on(cpu int, do func()) error {
	return proc.OnCPU(cpu, func() {
		t.bound.Store(true)
		defer t.bound.Store(false)
		do()
	})
}

// sleeps: the kernel tells the system call of a thread only once it has seen
// that it is off its CPU, and that it sleeps (task_current_syscall).
func (t *target) sleeps(tid int) bool {
	_, asleep, err := proc.System().SleepsAt(t.pid, tid)
	return err == nil && asleep
}

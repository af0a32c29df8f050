package stack

import "pytop/collect/proc"

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

// target is a process of this machine, by its PID.
type target int

func (t target) read(at uint64, to []byte) error { return proc.ReadMemory(int(t), at, to) }
func (t target) tids() ([]int, error)            { return proc.System().TIDs(int(t)) }
func (t target) slices(tid int) (uint64, error)  { return proc.System().Slices(int(t), tid) }
func (t target) cpu(tid int) (int, error)        { return proc.System().CPU(int(t), tid) }
func (t target) on(cpu int, do func()) error     { return proc.OnCPU(cpu, do) }

// sleeps: the kernel tells the system call of a thread only once it has seen
// that it is off its CPU, and that it sleeps (task_current_syscall).
func (t target) sleeps(tid int) bool {
	_, asleep, err := proc.System().SleepsAt(int(t), tid)
	return err == nil && asleep
}

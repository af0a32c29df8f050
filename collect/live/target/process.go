package target

import (
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/kernelmap"
	"pytop/collect/live/price"
	"pytop/collect/proc"
)

// Process is one that is watched: who it is, what it runs, and what it has used.
// What a probe knows of it the probe keeps itself.
type Process struct {
	Key   bpf.ProcessKey
	Info  *collect.Process
	Watch *proc.Watch // nil: it was not asked for by its PID
	Since time.Time   // since when it is watched
	Program
	Usage

	Asked    bool   // for by its PID: stays listed when it has ended
	Ancestor bool   // asked for, but no CPython: its descendants are watched
	Refused  string // why it cannot be watched; empty: it can
	Gone     string // why it can never be attached to again; empty: it can
	Note     string // what was missed of it; empty: nothing
	Braked   bool   // detached by the user
	Forced   bool   // attached whatever it costs

	title     inspect.Title
	State     bpf.ProcessState // what the programs know of it, as of the last poll
	Base      bpf.ProcessState // when counting was ready
	Payers    int              // children that inherited its breakpoints
	unwatched []bpf.ProcessKey // children that ran its program before, and do still
	ending    bool             // was seen to have ended after the maps were read
	late      bool             // was first met in the maps, as they were read: all that it did is there at the next poll
}

// Program is what a process runs. It changes when the process execs.
type Program struct {
	Build    *Build // nil: its calls cannot be counted, Refused says why
	Image    proc.Image
	CodeType uint64    // address of PyCode_Type; 0: not known
	Execs    uint32    // of State.Execs those that were looked into
	ExecSeen time.Time // when another program was first seen; zero: not
	loading  bool      // it exec'd, and no CPython was loaded yet when it was looked at last
	Left     string    // what it exec'd that is no CPython; empty: it runs one
}

// Usage is what a process has used, as of the last poll.
type Usage struct {
	CPU      time.Duration
	CPUKnown bool
	Stopped  bool // by a signal or a debugger
	Traced   bool // that is a debugger
	Threads  int
	Memory   uint64
	Accounts []price.Account // what each probe's hits took of CPU, in the order of the probes
}

// Wraps tells whether a process is listed for what it started alone.
func (p *Process) Wraps() bool { return p.Ancestor && p.Build == nil }

// HasEnded tells whether the process has ended; all that it did is then in the maps.
func (p *Process) HasEnded() bool {
	if p.Watch == nil {
		return p.ending || p.State.Flags&bpf.Ended != 0
	}
	select {
	case <-p.Watch.Ended():
		return true
	default:
		return false
	}
}

// Lost is how many hits were lost since counting was ready, by bpf.Lost….
func (p *Process) Lost(why int) uint64 {
	return kernelmap.Less(p.State.Lost[why], p.Base.Lost[why])
}

// Look reads what /proc says of a process; false when it is no longer there.
func (p *Process) Look() bool {
	stat, err := proc.System().Stat(p.Info.PID)
	if err != nil || !stat.Start.Equal(p.Info.Start) {
		p.ending = true // and was waited for; the PID may be another's
		return false
	}
	p.ending = stat.Ended()
	p.Stopped, p.Traced, p.Threads, p.Memory = stat.Stopped(), stat.Traced(), stat.Threads, stat.Memory
	if p.Build == nil {
		p.CPU, p.CPUKnown = stat.User+stat.System, true
	}
	if p.Gone == "" {
		p.Info = p.title.Read(stat, p.Info)
	}
	return true
}

// Spend reads the CPU time that a process has used, and makes what the probes'
// hits cost a part of it.
func (p *Process) Spend() {
	if cpu, err := proc.CPUTime(p.Info.PID); err == nil { // of a zombie too
		price.Pay(p.Accounts, cpu-p.CPU)
		p.CPU, p.CPUKnown = cpu, true
	}
}

// Reading is what is known of a process without any probe.
func (p *Process) Reading() collect.ProcessReading {
	r := collect.ProcessReading{
		Process: p.Info, State: collect.Running, Status: collect.Off, Reason: p.Refused, Braked: p.Braked,
		CPU: p.CPU, CPUKnown: p.CPUKnown, Threads: p.Threads, Memory: p.Memory, Payers: p.Payers, Unwatched: len(p.unwatched),
	}
	switch {
	case p.Gone != "":
		r.State = collect.Ended
	case p.Traced:
		r.State = collect.Traced
	case p.Stopped:
		r.State = collect.Stopped
	}
	if p.Build != nil {
		r.CPUKnown = p.CPUKnown && price.Settled(p.Accounts)
		for i := range p.Accounts {
			r.Tax += p.Accounts[i].Overhead
		}
	}
	return r
}

// close gives back what is held of a process.
func (p *Process) close() error {
	if p.Watch != nil {
		return p.Watch.Close()
	}
	return nil
}

// Package probe is the contract between the source and what it measures with:
// see Probe. Base has what a probe does that need not do a thing.
package probe

import (
	"time"

	"pytop/collect"
	"pytop/collect/live/target"
)

// Probe is something that we want to know of processes. It keeps what it knows
// of a process, and what it has for a file, by itself.
//
// All of it is called under the source's lock, but for Close and for what
// Unshare and Release return. A probe does not name another: where two depend on
// each other, they are one.
type Probe interface {
	// A file with a CPython: once for all processes that run it.
	Prepare(b *target.Build) error
	Shares(b *target.Build) bool
	Unshare(b *target.Build) func() error // nil: nothing was shared
	Release(b *target.Build) func() error // nil: nothing was loaded

	// Attach begins to measure a process; force: whatever it costs. Where it is
	// attached already, or must not be, it does nothing. An error says why the
	// process cannot be watched at all; what is only less is the probe's status.
	Attach(p *target.Process, force bool) error
	// Detach takes the probe away; what it counted stays. It returns when the
	// kernel has let go. The reason is shown.
	Detach(why string, of ...*target.Process) error

	// What becomes of processes: see target.Probes.
	Came(p *target.Process, at time.Time)
	Adopted(p *target.Process)
	Leaves(p *target.Process)
	LostProbes(p *target.Process) bool
	Execed(p *target.Process, e target.Exec)
	Ended(p *target.Process)
	Lingers(p *target.Process) bool
	Drop(ended map[*target.Process]bool) error // true: some probe measured something of it

	// Poll brings what is known up to date with the kernel. Polled follows when
	// all probes have, and it is known what CPU time processes have used.
	Poll() error
	Polled()
	// Cost is the bare price of a process's hits since it was asked last: see
	// price.Account.
	Cost(p *target.Process) time.Duration
	// Ready makes now the zero of all counts.
	Ready()
	// Round is upkeep, also when nobody reads; it returns when the next is due.
	// 0: never.
	Round() time.Duration

	// ReadProcess adds what is known of a process to its reading; measured: there
	// is something, so that it is remembered when the process has ended.
	ReadProcess(p *target.Process, r *collect.ProcessReading) (measured bool)
	// Read adds the probe's sections to a reading, whose processes have been read
	// by ReadProcess, and says how it goes.
	Read(r *collect.Reading) collect.Probe
	// Inspect says how a process would be measured, and attaches nothing. An
	// empty finding: not at all, and that is as it should be.
	Inspect(p *target.Process) (Finding, error)

	// Shut detaches from everything, for good. Close frees the rest when nothing
	// goes on any more.
	Shut() error
	Close() error
}

// Budgeted is a probe that is detached where it costs more than the budget.
type Budgeted interface {
	// Refuse detaches from processes that turn out not to be understood, as of
	// the last poll, and says why.
	Refuse() error
	// Mark begins to judge the cost anew; Judge detaches where it was more than
	// the budget for so long.
	Mark()
	Judge(after time.Duration) error
}

// Focuser is a probe that counts one function by thread: see collect.Controls.
type Focuser interface{ Focus(code uint64) error }

// Stacker is a probe that reads threads' stacks: see collect.Stacks.
type Stacker interface {
	Stack(p *target.Process, tid int) (*collect.DumpThread, error)
}

// Trier is a probe that shows on pytop itself what the kernel allows.
type Trier interface{ Try() (Finding, error) }

// Finding is how a probe measures, in words.
type Finding struct {
	How  string // "1 site in python3.14 (…), uprobe_multi"
	Cost string // "at least 450 ns a call, 500 ns a resume"; empty: How has it
}

// Forever is when a Round is due that has nothing to do.
const Forever = time.Duration(0)

// Base is a probe that does nothing: others embed it.
type Base struct{}

func (Base) Prepare(*target.Build) error                               { return nil }
func (Base) Shares(*target.Build) bool                                 { return false }
func (Base) Unshare(*target.Build) func() error                        { return nil }
func (Base) Release(*target.Build) func() error                        { return nil }
func (Base) Attach(*target.Process, bool) error                        { return nil }
func (Base) Detach(string, ...*target.Process) error                   { return nil }
func (Base) Came(*target.Process, time.Time)                           {}
func (Base) Adopted(*target.Process)                                   {}
func (Base) Leaves(*target.Process)                                    {}
func (Base) LostProbes(*target.Process) bool                           { return false }
func (Base) Execed(*target.Process, target.Exec)                       {}
func (Base) Ended(*target.Process)                                     {}
func (Base) Lingers(*target.Process) bool                              { return false }
func (Base) Drop(map[*target.Process]bool) error                       { return nil }
func (Base) Poll() error                                               { return nil }
func (Base) Polled()                                                   {}
func (Base) Cost(*target.Process) time.Duration                        { return 0 }
func (Base) Ready()                                                    {}
func (Base) Round() time.Duration                                      { return Forever }
func (Base) ReadProcess(*target.Process, *collect.ProcessReading) bool { return false }
func (Base) Inspect(*target.Process) (string, error)                   { return "", nil }
func (Base) Shut() error                                               { return nil }
func (Base) Close() error                                              { return nil }

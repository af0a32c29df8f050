// Package collect says what is measured: sources give readings, two readings
// make a snapshot. Everything here is pure; the kernel is in collect/live.
package collect

import "time"

// Source is where readings come from: the kernel, a recording, a demo.
type Source interface {
	// Read returns what is held now. After a reading with Final set there is
	// no other. Calls must not overlap.
	Read() (*Reading, error)
	// Close detaches everything; it may be called more than once.
	Close() error
}

// Controls is what a source that is the kernel can do besides being read.
// Calls may come while a Read is under way; each returns when it is done.
type Controls interface {
	// Detach takes every probe away; why is shown as the processes' Reason.
	Detach(why string) error
	// Attach puts the probes back. What ran meanwhile was not counted. With
	// force the budget does not detach again.
	Attach(force bool) error
	// Focus starts counting one function by thread, from zero; 0 ends it.
	Focus(code uint64) error
}

// Reading is what a source holds at one instant. Counts are cumulative since
// the source was ready; nothing in it is changed after Read returned it.
type Reading struct {
	Time      time.Time // wall clock; carries Go's monotonic clock when live
	Since     time.Time // when counting became ready
	Host      string
	Processes []ProcessReading
	Past      []ProcessReading // that ended and were in a reading before, as they were in their last; only grows
	PastMore  Totals           // Calls and Resumes of those before Past, of which there were too many to keep
	Codes     []CodeCount      // in ascending Code.ID
	Focus     uint64           // the Code.ID counted by thread; 0: none
	ByThread  []ThreadCount
	Threads   []ThreadReading // by PID, then TID; nil: not measured
	GILs      []GILReading    // by PID, then Interpreter; nil: not measured
	Worlds    []WorldReading  // of processes without a GIL, by PID; nil: not measured
	Probes    []Probe
	Lost      []Loss
	Self      Self
	Final     bool   // the last one: the targets ended, or the source did
	EndReason string // why it is the last one, in words; empty otherwise
}

// Probe is something that we want to know, and how finding it out goes.
type Probe struct {
	Name   string // "calls", "gil", …
	Status ProbeStatus
	Method string // how: "21 sites in libpython3.13.so.1.0, uprobe_multi"
	Reason string // why Status is not On, or what is weaker than it could be
	Hits   uint64 // of its programs, cumulative
	Lost   uint64 // hits that could not be counted for a function, cumulative
	Cost   time.Duration
}

// ProbeStatus says whether a probe measures.
type ProbeStatus string

// The values of ProbeStatus.
const (
	ProbeOn      ProbeStatus = "on"
	ProbeOff     ProbeStatus = "off"     // not asked for, braked, or over the budget
	ProbeFailed  ProbeStatus = "failed"  // asked for, and cannot be had: see Reason
	ProbeMissing ProbeStatus = "missing" // this version of pytop cannot measure it
)

// Loss is a number of events that were not counted or not named, by cause.
type Loss struct {
	Cause string // a word for JSON: "map_full"
	Text  string // in words: "calls of functions for which the map had no room"
	Count uint64
}

// Self is what pytop itself takes.
type Self struct {
	CPU    time.Duration // since it started
	Memory uint64        // resident bytes
	Maps   uint64        // bytes of kernel memory held by BPF maps; 0: not known
}

package export

import (
	"iter"

	"pytop/collect"
)

type processJSON struct {
	PID         int      `json:"pid"`
	Start       *string  `json:"start"`
	Python      string   `json:"python"`
	Build       string   `json:"build"`
	Command     string   `json:"command"`
	CallsStatus string   `json:"calls_status"`
	Reason      *string  `json:"reason"`
	Counted     *float64 `json:"counted_s"`
	CallsPerS   *float64 `json:"calls_per_s"`
	ResumesPerS *float64 `json:"resumes_per_s"`
	TaxShare    *float64 `json:"tax_share"`
	Calls       *uint64  `json:"calls"`
	Resumes     *uint64  `json:"resumes"`
	State       string   `json:"state"`
	Method      *string  `json:"calls_method"`
	Parent      *int     `json:"parent_pid"`
	OwnPID      *int     `json:"own_pid"`
	User        *string  `json:"user"`
	Container   *string  `json:"container"`
	Threads     *int     `json:"threads"`
	Memory      *uint64  `json:"memory_bytes"`
	CPUShare    *float64 `json:"cpu_share"`
	Payers      int      `json:"uncounted_children"`
	Unwatched   int      `json:"unwatched_children"`
	processGILJSON
	HeldShare *float64 `json:"gil_held_share"` // of the interval
}

var processesSection = section{
	name: "processes",
	rows: func(s *collect.Snapshot, _ Options) iter.Seq[any] { return each(s.Processes, processOf) },
}

func processOf(p *collect.ProcessRow) any {
	row := processJSON{
		PID: p.Process.PID, Python: text(p.Process.Python), Build: text(p.Process.Build),
		Command: text(p.Process.Command), CallsStatus: string(p.Status), Reason: words(p.Reason),
		Counted: seconds(p.Counted), State: string(p.State), Method: words(text(p.Method)), Parent: some(p.Process.Parent), OwnPID: some(p.Process.OwnPID),
		User: words(p.Process.User), Container: words(p.Process.Container), Threads: some(p.Threads), Memory: some(p.Memory),
		Payers: p.Payers, Unwatched: p.Unwatched, processGILJSON: processGILOf(&p.GIL),
	}
	if p.Status != collect.Off || p.Calls+p.Resumes > 0 {
		row.Calls, row.Resumes = &p.Calls, &p.Resumes
	}
	if p.CPUShareKnown {
		row.CPUShare = number(p.CPUShare)
	}
	if !p.Process.Start.IsZero() {
		row.Start = words(timestamp(p.Process.Start))
	}
	if p.Counting {
		row.CallsPerS, row.ResumesPerS = number(p.CallsPerS), number(p.ResumesPerS)
	}
	if p.TaxKnown {
		row.TaxShare = number(p.TaxShare)
	}
	if p.GILHeldKnown {
		row.HeldShare = number(p.GILHeldShare)
	}
	return row
}

package export

import (
	"cmp"
	"encoding/csv"
	"iter"
	"slices"
	"strconv"

	"pytop/collect"
)

type functionJSON struct {
	PID         int      `json:"pid"`
	File        string   `json:"file"`
	Function    string   `json:"function"`
	Line        int      `json:"line"`
	Calls       uint64   `json:"calls"`
	CallsDelta  *uint64  `json:"calls_delta"`
	CallsPerS   *float64 `json:"calls_per_s"`
	Resumes     uint64   `json:"resumes"`
	CallsStatus string   `json:"calls_status"`
	// Of waits for the GIL; left out where they are not measured.
	CausedWait      *float64 `json:"caused_wait_s,omitempty"`
	CausedWaitShare *float64 `json:"caused_wait_share,omitempty"`
}

var functionsSection = section{name: "functions", lines: true, rows: functionsJSON, tables: []table{functionsTable}}

// functionsTable is the one that CSV on a stream consists of.
var functionsTable = table{
	name: "functions",
	header: []string{"seq", "time", "pid", "file", "function", "line",
		"calls", "calls_delta", "calls_per_s", "resumes", "calls_status"},
	rows: functionRows,
}

// functionsJSON yields a functionJSON for each function to write.
func functionsJSON(s *collect.Snapshot, o Options) iter.Seq[any] {
	return func(yield func(any) bool) {
		counting := countingOf(s)
		for f := range functionsOf(s, o) {
			if !yield(functionOf(f, counting)) {
				return
			}
		}
	}
}

func functionOf(f *collect.FunctionRow, counting map[int]bool) functionJSON {
	row := functionJSON{
		PID: f.Code.PID, File: text(f.Code.File), Function: text(f.Code.Function), Line: f.Code.Line,
		Calls: f.Calls, Resumes: f.Resumes, CallsStatus: string(f.Status),
	}
	if counting[f.Code.PID] {
		row.CallsDelta, row.CallsPerS = &f.CallsDelta, number(f.CallsPerS)
	}
	if f.CausedKnown {
		row.CausedWaitShare = number(f.CausedShare)
		if !f.CausedPart {
			row.CausedWait = seconds(f.Caused)
		}
	}
	return row
}

// countingOf returns the PIDs of the processes whose calls were counted in
// the interval: what did not happen in others is not known to be nothing.
func countingOf(s *collect.Snapshot) map[int]bool {
	counting := make(map[int]bool, len(s.Processes))
	for _, p := range s.Processes {
		counting[p.Process.PID] = p.Counting
	}
	return counting
}

// functionsOf yields the functions to write, in their order.
func functionsOf(s *collect.Snapshot, o Options) iter.Seq[*collect.FunctionRow] {
	order := o.Order
	if order == nil && o.Top > 0 {
		order = func(a, b collect.FunctionRow) int {
			return cmp.Or(cmp.Compare(b.CallsPerS, a.CallsPerS), cmp.Compare(b.Calls, a.Calls))
		}
	}
	return func(yield func(*collect.FunctionRow) bool) {
		rows := s.Functions
		if order == nil {
			for i := range rows {
				if !yield(&rows[i]) {
					return
				}
			}
			return
		}
		sorted := make([]*collect.FunctionRow, len(rows)) // pointers: rows are large, and others read the snapshot
		for i := range rows {
			sorted[i] = &rows[i]
		}
		slices.SortStableFunc(sorted, func(a, b *collect.FunctionRow) int { return order(*a, *b) })
		if o.Top > 0 {
			sorted = sorted[:min(o.Top, len(sorted))]
		}
		slices.Values(sorted)(yield)
	}
}

func functionRows(w *csv.Writer, s *collect.Snapshot, o Options) error {
	counting := countingOf(s)
	seq, at := strconv.Itoa(s.Seq), timestamp(s.Time)
	record := make([]string, 0, 11)
	for row := range functionsOf(s, o) {
		f := functionOf(row, counting)
		record = append(record[:0], seq, at, strconv.Itoa(f.PID), cell(f.File), cell(f.Function), strconv.Itoa(f.Line),
			strconv.FormatUint(f.Calls, 10), whole(f.CallsDelta), decimal(f.CallsPerS),
			strconv.FormatUint(f.Resumes, 10), f.CallsStatus)
		if err := w.Write(record); err != nil {
			return err
		}
	}
	return nil
}

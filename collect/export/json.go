package export

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"pytop/collect"
)

// The schema, in three parts, so that the functions, of which there may be
// many, are written one by one: before them, they, behind them. A pointer
// that is nil is null: not measured.

type headJSON struct {
	Schema    string        `json:"schema"`
	Version   string        `json:"pytop"`
	Time      string        `json:"time"`
	Since     string        `json:"since"`
	Seq       int           `json:"seq"`
	Interval  *float64      `json:"interval_s"`
	Final     bool          `json:"final"`
	EndReason *string       `json:"end_reason"`
	Host      string        `json:"host"`
	Processes []processJSON `json:"processes"`
	Ended     []endedJSON   `json:"ended_processes,omitempty"`
}

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

// endedJSON is a process that ended and is no longer among the processes: in
// the last snapshot, so that it tells of all.
type endedJSON struct {
	PID         int      `json:"pid"`
	Start       *string  `json:"start"`
	Python      string   `json:"python"`
	Command     string   `json:"command"`
	CallsStatus string   `json:"calls_status"`
	Reason      *string  `json:"reason"`
	Calls       uint64   `json:"calls"`
	Resumes     uint64   `json:"resumes"`
	Counted     *float64 `json:"counted_s"`
	processGILJSON
}

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

type tailJSON struct {
	Threads []threadJSON `json:"threads"` // null, as gil: not measured
	GIL     []gilJSON    `json:"gil"`
	Free    []worldJSON  `json:"free_threading"` // processes without a GIL
	// Not measured by this version of pytop.
	GC      *struct{} `json:"gc"`
	Imports *struct{} `json:"imports"`

	Probes []probeJSON       `json:"probes"`
	Lost   map[string]uint64 `json:"lost"`
}

type probeJSON struct {
	Name   string   `json:"name"`
	Status string   `json:"status"`
	Method *string  `json:"method"`
	Reason *string  `json:"reason"`
	Hits   *uint64  `json:"hits"`
	Lost   *uint64  `json:"lost"`
	Cost   *float64 `json:"cost_s"`
}

// writeJSON writes a snapshot as one object; between separates the functions'
// rows: a new line in files for people, nothing in JSON Lines. Names in it
// are as the target wrote them, with what is not text (invalid UTF-8, lone
// surrogates) as U+FFFD, and every control character escaped.
func writeJSON(w io.Writer, s *collect.Snapshot, o Options, between string) error {
	e := newEncoder(w)
	e.part(headOf(s, o.Version), "", "}")
	e.text(`,"functions":[`)
	counting := countingOf(s)
	rows := functionsOf(s, o)
	for i := range rows {
		if i > 0 {
			e.text(",")
		}
		e.text(between)
		e.part(functionOf(&rows[i], counting), "", "")
	}
	if len(rows) > 0 {
		e.text(between)
	}
	e.text("],")
	e.part(tailOf(s), "{", "")
	e.text("\n")
	if e.err != nil {
		return fmt.Errorf("write JSON: %w", e.err)
	}
	return nil
}

func headOf(s *collect.Snapshot, version string) headJSON {
	interval := s.Interval
	if interval == 0 {
		interval = s.Time.Sub(s.Since) // the first: what it holds is since then
	}
	h := headJSON{
		Schema: collect.Schema, Version: version,
		Time: timestamp(s.Time), Since: timestamp(s.Since),
		Seq: s.Seq, Interval: seconds(interval),
		Final: s.Final, EndReason: words(s.EndReason), Host: text(s.Host),
		Processes: make([]processJSON, len(s.Processes)),
	}
	for i, p := range s.Processes {
		row := processJSON{
			PID: p.Process.PID, Python: text(p.Process.Python), Build: text(p.Process.Build),
			Command: text(p.Process.Command), CallsStatus: string(p.Status), Reason: words(p.Reason),
			Counted: seconds(p.Counted), State: string(p.State), Method: words(text(p.Method)), Parent: some(p.Process.Parent), OwnPID: some(p.Process.OwnPID),
			User: words(p.Process.User), Container: words(p.Process.Container), Threads: some(p.Threads), Payers: p.Payers, Unwatched: p.Unwatched,
		}
		if p.Status != collect.Off || p.Calls+p.Resumes > 0 {
			row.Calls, row.Resumes = &s.Processes[i].Calls, &s.Processes[i].Resumes
		}
		if p.Memory > 0 {
			row.Memory = &s.Processes[i].Memory
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
		row.processGILJSON = processGILOf(&p.GIL)
		if p.GILHeldKnown {
			row.HeldShare = number(p.GILHeldShare)
		}
		h.Processes[i] = row
	}
	if s.Final {
		h.Ended = endedOf(s)
	}
	return h
}

// endedOf lists the processes that ended before.
func endedOf(s *collect.Snapshot) []endedJSON {
	var list []endedJSON
	for _, p := range s.Past {
		row := endedJSON{
			PID: p.Process.PID, Python: text(p.Process.Python), Command: text(p.Process.Command), CallsStatus: string(p.Status), Reason: words(p.Reason),
			Calls: p.Calls, Resumes: p.Resumes, Counted: seconds(p.Counted),
		}
		if !p.Process.Start.IsZero() {
			row.Start = words(timestamp(p.Process.Start))
		}
		row.processGILJSON = processGILOf(&p.GIL)
		list = append(list, row)
	}
	return list
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

// functionsOf returns the functions to write, in their order.
func functionsOf(s *collect.Snapshot, o Options) []collect.FunctionRow {
	order := o.Order
	if order == nil {
		if o.Top <= 0 {
			return s.Functions
		}
		order = func(a, b collect.FunctionRow) int {
			return cmp.Or(cmp.Compare(b.CallsPerS, a.CallsPerS), cmp.Compare(b.Calls, a.Calls))
		}
	}
	rows := slices.Clone(s.Functions)
	slices.SortStableFunc(rows, order)
	if o.Top > 0 && len(rows) > o.Top {
		rows = rows[:o.Top]
	}
	return rows
}

func tailOf(s *collect.Snapshot) tailJSON {
	t := tailJSON{Threads: threadsOf(s), GIL: gilsOf(s), Free: worldsOf(s), Probes: make([]probeJSON, len(s.Probes)), Lost: make(map[string]uint64, len(s.Lost))}
	for i := range s.Probes {
		p := &s.Probes[i]
		row := probeJSON{
			Name: text(p.Name), Status: string(p.Status), Method: words(text(p.Method)), Reason: words(text(p.Reason)),
		}
		if p.Status == collect.ProbeOn || p.Hits > 0 || p.Lost > 0 {
			row.Hits, row.Lost = &p.Hits, &p.Lost
		}
		if p.Cost > 0 || p.Status == collect.ProbeOn && p.Hits == 0 {
			row.Cost = seconds(p.Cost)
		}
		t.Probes[i] = row
	}
	for _, l := range s.Lost {
		t.Lost[text(l.Cause)] += l.Count
	}
	return t
}

// timestamp is a time as RFC 3339, in UTC, to the microsecond.
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// words is a pointer to some text, nil if it is empty.
func words(s string) *string {
	if s == "" {
		return nil
	}
	s = text(s)
	return &s
}

// seconds is a pointer to a duration in seconds, to the nanosecond.
func seconds(d time.Duration) *float64 {
	s := d.Seconds()
	return &s
}

// number is a pointer to a rate or a share, to six places; nil for what is no
// number.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	if rounded := math.Round(x*1e6) / 1e6; !math.IsInf(rounded, 0) {
		x = rounded
	}
	return &x
}

// encoder writes JSON in parts and keeps the first error.
type encoder struct {
	w    io.Writer
	buf  bytes.Buffer
	json *json.Encoder
	err  error
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{w: w}
	e.json = json.NewEncoder(&e.buf)
	// Names like <listcomp> are to be found by grep; nothing here is HTML.
	e.json.SetEscapeHTML(false)
	return e
}

// part writes a value without the given begin and end of its text.
func (e *encoder) part(value any, begin, end string) {
	if e.err != nil {
		return
	}
	e.buf.Reset()
	if e.err = e.json.Encode(value); e.err != nil {
		return
	}
	data := bytes.TrimSuffix(e.buf.Bytes(), []byte("\n"))
	data = bytes.TrimPrefix(bytes.TrimSuffix(data, []byte(end)), []byte(begin))
	_, e.err = e.w.Write(escapeControls(data))
}

func (e *encoder) text(s string) {
	if e.err == nil {
		_, e.err = io.WriteString(e.w, s)
	}
}

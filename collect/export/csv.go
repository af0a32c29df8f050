package export

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"pytop/collect"
)

// table is one of the tables that a snapshot has in CSV, each with a file of
// its own: RFC 4180 with a header, lines ending in LF, numbers as in JSON, an
// empty cell for what was not measured. Cells are data and stay as they are,
// also those that begin with =, +, - or @: who opens the file in a program
// that takes them for formulas should import it as text.
type table struct {
	name   string
	header []string
	rows   func(w *csv.Writer, s *collect.Snapshot, o Options) error
}

var tables = []table{
	{
		name: "functions",
		header: []string{"seq", "time", "pid", "file", "function", "line",
			"calls", "calls_delta", "calls_per_s", "resumes", "calls_status"},
		rows: functionRows,
	},
}

// write writes the table's rows for a snapshot, after the header if wanted.
func (t table) write(out io.Writer, s *collect.Snapshot, o Options, header bool) error {
	w := csv.NewWriter(out)
	if header {
		if err := w.Write(t.header); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	if err := t.rows(w, s, o); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func functionRows(w *csv.Writer, s *collect.Snapshot, o Options) error {
	counting := countingOf(s)
	seq, at := strconv.Itoa(s.Seq), timestamp(s.Time)
	record := make([]string, 0, 11)
	rows := functionsOf(s, o)
	for i := range rows {
		f := functionOf(&rows[i], counting)
		record = append(record[:0], seq, at, strconv.Itoa(f.PID), cell(f.File), cell(f.Function), strconv.Itoa(f.Line),
			strconv.FormatUint(f.Calls, 10), whole(f.CallsDelta), decimal(f.CallsPerS),
			strconv.FormatUint(f.Resumes, 10), f.CallsStatus)
		if err := w.Write(record); err != nil {
			return err
		}
	}
	return nil
}

// whole is a count, empty when it was not measured.
func whole(n *uint64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatUint(*n, 10)
}

// decimal is a number without an exponent, empty when it was not measured.
func decimal(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}

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
// empty cell for what was not measured. Text that comes from a process is as
// cell makes it.
type table struct {
	name   string
	header []string
	when   func(s *collect.Snapshot) bool // it is written; nil: always
	rows   func(w *csv.Writer, s *collect.Snapshot, o Options) error
}

// tables is every table, in the order of the sections.
var tables = tablesOf(sections)

func tablesOf(sections []section) []table {
	var list []table
	for i := range sections {
		list = append(list, sections[i].tables...)
	}
	return list
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

// integer is a number, empty when it was not measured.
func integer[T int | int64](n *T) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

// optional is some text, empty when it is not known.
func optional(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

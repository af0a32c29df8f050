package functions

import (
	"cmp"
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// defaultSort is what the screen starts with.
const defaultSort = "calls_per_s"

// trendCells is how wide the sparklines of functions are: a minute.
const trendCells = 20

func functionKey(f *function) uint64 { return f.Code.ID }

// functionTable makes the table of functions; trend gives a row's sparkline,
// nil leaves that column out.
func functionTable(signs *format.Signs, trend func(signs *format.Signs, f *function) string) *table.Table[function] {
	columns := []table.Column[function]{
		{
			Title: "pid", Field: "pid", Width: 7, Right: true, Hide: true,
			Cell:  func(f *function, _ int) string { return pidCell(signs, f) },
			Value: func(f *function) float64 { return float64(f.Code.PID) },
		}, {
			Title: "calls/s", Field: defaultSort, Width: 9, Right: true, Falling: true,
			Cell:  func(f *function, _ int) string { return rateCell(signs, f, f.CallsPerS) },
			Value: func(f *function) float64 { return rateOrder(f, f.CallsPerS) },
		}, {
			Title: "%", Field: "calls_share", Width: 5, Right: true, Falling: true, From: 84, Leave: 5,
			Cell:  func(f *function, _ int) string { return shareCell(signs, f) },
			Value: func(f *function) float64 { return rateOrder(f, f.CallsShare) },
		}, {
			Title: "total", Field: "calls", Width: 7, Right: true, Falling: true, Leave: 4,
			Cell:  func(f *function, _ int) string { return certainty(signs, f.Status) + format.Count(f.Calls) },
			Value: func(f *function) float64 { return float64(f.Calls) },
		}, {
			Title: "resumes/s", Field: "resumes_per_s", Width: 11, Right: true, Falling: true, From: 96, Leave: 6,
			Cell:  func(f *function, _ int) string { return resumesCell(signs, f) },
			Value: resumesOrder,
		}, {
			Title: "resumes", Field: "resumes", Width: 9, Right: true, Falling: true, Hide: true,
			Cell:  func(f *function, _ int) string { return resumesTotal(signs, f) },
			Value: func(f *function) float64 { return float64(f.Resumes) },
		}, {
			Title: "function", Field: "function", Width: 20, Grow: 45, Most: 60,
			Cell: func(f *function, width int) string {
				name := format.Plain(f.Code.Function)
				if strings.TrimSpace(name) == "" { // no cell is empty
					name = signs.Quote(name)
				}
				return signs.CutName(name, width)
			},
			Text: func(f *function) string { return f.Code.Function },
		}, {
			Title: "file:line", Field: "file", Width: 16, Grow: 55,
			Cell:    func(f *function, width int) string { return placeCell(signs, f, width) },
			Text:    func(f *function) string { return f.Code.File },
			Compare: func(a, b *function) int { return cmp.Compare(a.Code.Line, b.Code.Line) },
		},
	}
	columns = slices.Insert(columns, 6, table.Column[function]{
		Title: "caused wait", Field: causedField, Width: 13, Right: true, Falling: true, From: 116, Leave: 8, Hide: true,
		Cell:  func(f *function, _ int) string { return causedCell(signs, f) },
		Value: causedOrder,
	})
	if trend != nil {
		columns = append(columns[:6], append([]table.Column[function]{{
			Title: "last minute", Field: "trend", Width: trendCells, From: 150, Leave: 7,
			Cell: func(f *function, _ int) string { return trend(signs, f) },
		}}, columns[6:]...)...)
	}
	return &table.Table[function]{Columns: columns, Key: functionKey}
}

// SortFields are the names that Options.Sort takes, those of the JSON.
func SortFields() []string {
	var fields []string
	for _, c := range functionTable(&format.Unicode, nil).Columns {
		fields = append(fields, c.Field)
	}
	return append(fields, "calls_delta", "line")
}

// sortField is the column's field for a name of the JSON: some share one.
func sortField(name string) string {
	switch name {
	case "calls_delta":
		return "calls_per_s"
	case "line":
		return "file"
	}
	return name
}

// causedField is how long a function made threads wait for the GIL.
const causedField = "caused_wait_share"

// causedKnown tells whether that is known of any function.
func causedKnown(s *collect.Snapshot) bool {
	return slices.ContainsFunc(s.GILs, func(g collect.GILRow) bool {
		return g.Counting && !g.Estimated && g.Status != collect.GILOff
	})
}

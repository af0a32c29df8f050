package tui

import (
	"pytop/tui/ctxswitches"
	"pytop/tui/functions"
	"pytop/tui/gil"
	"pytop/tui/logs"
	"pytop/tui/pane"
	"pytop/tui/processes"
)

// newPanes makes the panes, in the order in which they stand on the screen and
// in which Tab goes through them. The first has what the others leave.
func newPanes(s *pane.Screen) []pane.Pane {
	first := functions.New(s)
	return []pane.Pane{
		first,
		gil.New(s),
		ctxswitches.New(s),
		processes.New(s),
		logs.New(s),
		functions.NewChart(first),
	}
}

// SortFields are the names that Options.Sort takes, those of the JSON.
func SortFields() []string { return functions.SortFields() }

package processes

import (
	"time"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
	"pytop/tui/table"
)

// processTable makes the table of processes; listed: nothing is attached.
func processTable(signs *format.Signs, listed bool) *table.Table[process] {
	text := func(title, field string, width int, of func(p *process) string) table.Column[process] {
		return table.Column[process]{
			Title: title, Field: field, Width: width, Text: of,
			Cell: func(p *process, width int) string { return signs.CutRight(format.Plain(of(p)), width) },
		}
	}
	number := func(title, field string, width int, known func(p *process) bool, value func(p *process) float64, word func(v float64) string) table.Column[process] {
		return table.Column[process]{
			Title: title, Field: field, Width: width, Right: true, Falling: true,
			Cell: func(p *process, _ int) string {
				if !known(p) {
					return signs.Unknown
				}
				return word(value(p))
			},
			Value: func(p *process) float64 {
				if !known(p) {
					return -1
				}
				return value(p)
			},
		}
	}
	pid := number("pid", "pid", 7, func(*process) bool { return true }, func(p *process) float64 { return float64(p.Process.PID) }, whole)
	pid.Falling = false
	ownPID := number("own pid", "own_pid", 7, func(*process) bool { return true }, func(p *process) float64 {
		if p.Process.OwnPID == p.Process.PID {
			return 0
		}
		return float64(p.Process.OwnPID)
	}, func(v float64) string {
		if v == 0 {
			return signs.None
		}
		return whole(v)
	})
	ownPID.From, ownPID.Leave = 120, 9
	user := text("user", "user", 8, func(p *process) string { return orNone(signs, p.Process.User) })
	user.From, user.Leave = 90, 7
	in := text("in", "container", 12, func(p *process) string { return orNone(signs, p.Process.Container) })
	in.Grow, in.Most, in.From, in.Leave = 12, 26, 110, 8
	python := text("python", "python", 7, func(p *process) string { return orUnknown(signs, p.Process.Python) })
	build := text("build", "build", 12, func(p *process) string { return orNone(signs, p.Process.Build) })
	build.Grow, build.Most, build.From, build.Leave = 8, 24, 150, 10
	calls := text("calls", "calls_status", 12, func(p *process) string { return callsWords(signs, p, listed) })
	calls.Grow, calls.Most, calls.Leave = 30, 44, 1
	if !listed {
		calls.Width, calls.Grow, calls.Most = 11, 12, 30
	}
	rate := number("calls/s", "calls_per_s", 9, func(p *process) bool { return p.Counting }, func(p *process) float64 { return p.CallsPerS }, format.Rate)
	total := number("total", "calls", 7, func(p *process) bool { return p.Counted > 0 }, func(p *process) float64 { return float64(p.Calls) }, func(v float64) string { return format.Count(uint64(v)) })
	total.Leave = 4
	tax := number("tax %", "tax_share", 7, func(p *process) bool { return p.TaxKnown }, func(p *process) float64 { return p.TaxShare }, format.Percent)
	tax.Leave = 2
	cpu := number("cpu %", "cpu_share", 7, func(p *process) bool { return p.CPUShareKnown }, func(p *process) float64 { return p.CPUShare }, format.Percent)
	memory := number("memory", "memory_bytes", 8, func(p *process) bool { return p.Memory > 0 }, func(p *process) float64 { return float64(p.Memory) }, func(v float64) string { return format.Bytes(uint64(v)) })
	memory.Leave, memory.From = 5, 70
	threads := number("threads", "threads", 9, func(p *process) bool { return p.Threads > 0 }, func(p *process) float64 { return float64(p.Threads) }, whole)
	threads.Leave, threads.From = 6, 100
	age := number("age", "start", 10, func(p *process) bool { return p.age >= 0 }, func(p *process) float64 { return p.age }, func(v float64) string { return format.Span(time.Duration(v * float64(time.Second))) })
	age.Leave, age.From = 5, 80
	command := text("command", "command", 14, func(p *process) string { return pane.ShortCommand(p.Process.Command) })
	command.Grow = 58
	columns := []table.Column[process]{pid, ownPID, user, in, python, build, calls}
	if !listed {
		columns = append(columns, rate, total, tax, heldColumn(signs))
	}
	columns = append(columns, cpu, memory, threads, age, command)
	t := &table.Table[process]{Columns: columns, Key: func(p *process) uint64 { return p.key }}
	if listed {
		t.First("cpu_share")
	} else {
		t.First("calls_per_s")
	}
	return t
}

// heldColumn is how much of the interval a process's GIL was held.
func heldColumn(signs *format.Signs) table.Column[process] {
	return table.Column[process]{
		Title: "GIL %", Field: "gil_held_share", Width: 7, Right: true, Falling: true, Leave: 3,
		Cell: func(p *process, _ int) string {
			switch {
			case p.GIL.None:
				return signs.None
			case !p.GILHeldKnown:
				return signs.Unknown
			case p.GILEstimated:
				return signs.Estimate + format.Percent(p.GILHeldShare)
			case p.bounded:
				return signs.AtLeast + format.Percent(p.GILHeldShare)
			}
			return format.Percent(p.GILHeldShare)
		},
		Value: func(p *process) float64 {
			if !p.GILHeldKnown {
				return -1
			}
			return p.GILHeldShare
		},
	}
}

func whole(v float64) string { return format.Whole(int(v)) }

func orNone(signs *format.Signs, text string) string {
	if text == "" {
		return signs.None
	}
	return text
}

func orUnknown(signs *format.Signs, text string) string {
	if text == "" {
		return signs.Unknown
	}
	return text
}

// callsWords says how calls can be counted, or how true the counts are.
func callsWords(signs *format.Signs, p *process, listed bool) string {
	switch {
	case p.State == collect.Ended && !listed:
		return "ended"
	case !listed && p.Status == collect.Exact:
		return "exact"
	case !listed && p.Status == collect.LowerBound:
		return signs.AtLeast + " lower bound: " + p.Reason
	case !listed && p.Status == collect.Estimate:
		return signs.Estimate + " estimate: " + p.Reason
	case p.Reason != "" && listed:
		return "no: " + p.Reason
	case p.Reason != "":
		return "off: " + p.Reason
	case !listed:
		return "off"
	case p.Method == "":
		return "looking" + signs.Ellipsis
	}
	return p.Method
}

package tui

import (
	"path"
	"slices"
	"strings"

	"pytop/collect"
	"pytop/tui/format"
)

// wide is from how many columns on words are written out.
const wide = 112

// header is the first lines of the screen: what is watched, how much it
// calls, what watching costs, who measures, and what went wrong.
func (m *Model) header(width int) []string {
	s := m.shown
	if s == nil {
		text := "attaching" + m.signs.Ellipsis
		if m.source != nil {
			text = "counting" + m.signs.Ellipsis
		}
		return []string{m.line(width, []piece{{text: "pytop", ink: m.styles.title}, {text: text, ink: m.styles.bold, gap: m.signs.Dot}}, nil), "", ""}
	}
	return []string{m.targetLine(s, width), m.callsLine(s, width), m.gilLine(s, width)}
}

// python is which CPython a process runs, in words.
func python(p *collect.Process) string {
	if p.Python == "" {
		return "not watched"
	}
	return "CPython " + format.Plain(p.Python)
}

func (m *Model) targetLine(s *collect.Snapshot, width int) string {
	st, dot := m.styles, m.signs.Dot
	left := []piece{{text: "pytop", ink: st.title, rank: 5}}
	if len(s.Processes) == 1 {
		p := s.Processes[0]
		left = append(left,
			piece{text: shortCommand(p.Process.Command), ink: st.bold, gap: dot, flex: true},
			piece{text: "pid " + format.Whole(p.Process.PID), ink: st.plain, gap: dot},
			piece{text: python(p.Process), ink: st.plain, gap: dot, rank: 2},
			piece{text: format.Plain(p.Process.Build), ink: st.dim, gap: " ", rank: 7},
		)
		if !p.Process.Start.IsZero() {
			left = append(left, piece{text: "up " + format.Span(s.Time.Sub(p.Process.Start)), ink: st.dim, gap: dot, rank: 8})
		}
	} else {
		left = append(left,
			piece{text: format.Whole(len(s.Processes)) + " processes", ink: st.bold, gap: dot},
			piece{text: "CPython " + pythons(s.Processes), ink: st.plain, gap: dot, flex: true},
		)
	}
	every := format.Interval(m.delay)
	if width >= wide {
		every = "every " + every
	}
	right := []piece{
		{text: format.Plain(s.Host), ink: st.dim, rank: 4},
		{text: every, ink: st.dim, gap: dot},
		{text: format.Clock(s.Time), ink: st.plain, gap: dot},
	}
	return m.line(width, left, right)
}

func (m *Model) callsLine(s *collect.Snapshot, width int) string {
	st := m.styles
	left := []piece{{text: m.label("calls", width), ink: st.dim}}
	if s.Interval > 0 && counting(s) {
		left = append(left,
			piece{text: m.totalsMark(s) + format.Rate(s.Totals.CallsPerS) + "/s", ink: st.bold, gap: " "},
			piece{text: "+ " + format.Rate(s.Totals.ResumesPerS) + " resumes/s", ink: st.plain, gap: " ", rank: 3})
	} else {
		left = append(left, piece{text: m.signs.Unknown + "/s", ink: st.bold, gap: " "})
	}
	text, color := m.status(s)
	status := piece{text: text, ink: color, gap: "  "}
	right := m.cost(s, width)
	if cells := min(40, width-2-need(append(left, status), right)-2); cells >= 5 {
		spark := format.Left(m.signs.Spark(tail(m.recent(), cells)), cells)
		left = append(left, piece{text: spark, ink: st.spark, gap: "  "})
	}
	return m.line(width, append(left, status), right)
}

// totalsMark is what stands before sums over all processes: that of the weakest
// of those that were counted.
func (m *Model) totalsMark(s *collect.Snapshot) string {
	worst := collect.Exact
	for _, p := range s.Processes {
		if p.Counting && weight[p.Status] > weight[worst] {
			worst = p.Status
		}
	}
	return certainty(m.signs, worst)
}

// cost is what watching takes: from the target, and pytop itself.
func (m *Model) cost(s *collect.Snapshot, width int) []piece {
	st, long := m.styles, width >= wide
	tax, color, known := 0.0, st.plain, false
	for _, p := range s.Processes {
		if p.TaxKnown {
			known, tax = true, max(tax, p.TaxShare)
		}
	}
	text := "tax " + m.signs.Unknown
	if known {
		text = "tax " + format.HeadPercent(tax)
		if tax > taxAlert {
			color = st.amber
		}
		switch {
		case len(s.Processes) > 1:
			text += " at most"
		case long:
			text += " of the target"
		}
	}
	self := "pytop " + format.HeadPercent(s.Self.CPUShare)
	if s.Interval == 0 {
		self = "pytop " + m.signs.Unknown
	}
	if long {
		self += " cpu"
	}
	self += " " + format.Bytes(s.Self.Memory)
	return []piece{{text: text, ink: color}, {text: self, ink: st.dim, gap: m.signs.Dot, rank: 2}}
}

// taxAlert is the share of the target's time from which on the tax is amber.
const taxAlert = 0.10

func (m *Model) gilLine(s *collect.Snapshot, width int) string {
	st := m.styles
	var right []piece
	for _, p := range s.Probes {
		name := format.Plain(p.Name)
		switch p.Status {
		case collect.ProbeOn:
			right = append(right, piece{text: name + " " + m.signs.On, ink: st.dim, gap: "  ", rank: 1})
		case collect.ProbeFailed:
			right = append(right, piece{text: name + " failed", ink: st.red, gap: "  "})
		case collect.ProbeMissing:
			right = append(right, piece{text: name + " " + m.signs.Unknown, ink: st.dim, gap: "  "})
		default:
			right = append(right, piece{text: name + " off", ink: st.amber, gap: "  "})
		}
	}
	left := []piece{{text: m.label("GIL", width), ink: st.dim}}
	if gilMeasured(s) {
		left = append(left, m.gilNumbers(s)...)
		if cells := min(20, width-2-need(left, right)-2); cells >= 5 && len(m.spark) > 1 && !withoutGIL(s) {
			left = append(left, piece{text: m.signs.Spark(tail(m.spark, cells)), ink: st.spark, gap: "  "})
		}
	} else {
		left = append(left, piece{text: "not measured", ink: st.dim, gap: " "})
	}
	return m.line(width, left, right)
}

// gilReason says why there is nothing about the GIL, of the process that was
// chosen, or of any.
func (m *Model) gilReason(s *collect.Snapshot) string {
	for i := range s.Processes {
		if p := &s.Processes[i]; m.only != nil && p.Process.PID == m.only.PID && p.GIL.Reason != "" {
			return pidText(p.Process.PID) + " only: not measured: " + format.Plain(p.GIL.Reason)
		}
	}
	for _, p := range s.Probes {
		if p.Name == "gil" && p.Reason != "" {
			return "not measured: " + format.Plain(p.Reason)
		}
	}
	return "not measured"
}

// label is the word a header line begins with; wide screens align them.
func (m *Model) label(word string, width int) string {
	if width < wide {
		return word
	}
	return format.Left(word, 6)
}

// shortCommand is what tells a command from others: no path of the
// interpreter or the script, no interpreter and its options before a script.
func shortCommand(command string) string {
	words := strings.Fields(command)
	if len(words) == 0 {
		return "?"
	}
	words[0] = path.Base(words[0])
	if n := scriptAt(words); n > 0 {
		words = words[n:]
		words[0] = path.Base(words[0])
	}
	return format.Plain(strings.Join(words, " "))
}

// scriptAt is where a Python's script stands among its words; 0: there is none.
func scriptAt(words []string) int {
	if !strings.HasPrefix(words[0], "python") {
		return 0
	}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-X" || word == "-W": // their value follows
			i++
		case !strings.HasPrefix(word, "-"):
			return i
		case strings.HasPrefix(word, "--") || strings.ContainsAny(word, "cm") && !strings.HasPrefix(word, "-X") && !strings.HasPrefix(word, "-W"):
			return 0
		}
	}
	return 0
}

func pythons(processes []collect.ProcessRow) string {
	var found []string
	for _, p := range processes {
		if v := format.Plain(p.Process.Python); !slices.Contains(found, v) {
			found = append(found, v)
		}
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}

// recent is the calls/s of the last readings that are shown.
func (m *Model) recent() []float64 {
	if m.paused {
		return m.frozen
	}
	return m.rates
}

func tail(values []float64, n int) []float64 { return values[max(0, len(values)-n):] }

package tui

import (
	"cmp"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

// help is the page of keys and numbers.
type help struct {
	open   bool
	scroll pane.Scroller
}

func (h *help) press(msg tea.KeyPressMsg, lines int) {
	if key.Matches(msg, pane.Keys.Escape, pane.Keys.Enter) {
		h.open = false
	} else if n, ok := pane.Moves(msg, max(1, lines-1)); ok {
		h.scroll.Move(n)
	}
}

// numberEntries are the numbers of the frame: name, unit and meaning.
func numberEntries() []pane.Entry {
	return []pane.Entry{
		{Rank: 50, Word: "—", Meaning: "does not apply. ? is: not measured. 0 is measured."},
		{Rank: 90, Word: "lost", Meaning: "hits that could not be counted for a function, or names that could not be read, by cause."},
		{Rank: 100, Word: "tax", Meaning: "the share of the target's CPU time that counting takes from it: an estimate, of calls and resumes at a price measured on pytop itself. Amber above 10 %. Of several processes: the largest."},
		{Rank: 110, Word: "budget", Meaning: "the tax above which pytop detaches by itself and asks, when it is more than 2 % of a core."},
		{Rank: 120, Word: "pytop", Meaning: "CPU time of pytop itself, in % of one core, and its resident memory."},
		{Rank: 130, Word: "probes", Meaning: kindNames() + ", …: ✓ measures, off: does not now, failed: cannot (the reason stands below the header), ?: this pytop does not measure it."},
	}
}

// kindNames are the first probes that there are.
func kindNames() string {
	var names []string
	for _, k := range collect.Kinds[:min(2, len(collect.Kinds))] {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// helpPage is every key and every number, of the frame and of all panes.
type helpPage struct {
	*pane.Screen
	panes   []pane.Pane
	version string
}

func (m *Model) helpPage() helpPage { return helpPage{m.Screen, m.panes, m.o.Version} }

func (h helpPage) lines(width int) []string {
	keys, numbers := keyEntries(), numberEntries()
	for _, p := range h.panes {
		k, n := p.Help()
		keys, numbers = append(keys, k...), append(numbers, n...)
	}
	st := h.Styles
	lines := []string{h.Line(width, []pane.Piece{{Text: "HELP", Ink: st.Title}, {Text: h.version, Ink: st.Dim, Gap: "  "}}, []pane.Piece{{Text: "Esc back", Ink: st.Dim}}), ""}
	lines = append(lines, h.section("Keys", keys, width)...)
	lines = append(append(lines, ""), h.section("Numbers", numbers, width)...)
	return append(lines, h.now(width)...)
}

// section is entries in the order of their ranks.
func (h helpPage) section(title string, entries []pane.Entry, width int) []string {
	slices.SortStableFunc(entries, func(a, b pane.Entry) int { return cmp.Compare(a.Rank, b.Rank) })
	lines := []string{" " + h.Styles.Bold.Paint(title)}
	for _, e := range entries {
		lines = append(lines, h.entry(e.Word, e.Meaning, width)...)
	}
	return lines
}

// now is what the header has no room for: how each probe measures, and what it
// has seen.
func (h helpPage) now(width int) []string {
	s := h.Shown
	if s == nil {
		return nil
	}
	lines := []string{"", " " + h.Styles.Bold.Paint("Probes")}
	for _, p := range s.Probes {
		text := probeWords[p.Status]
		if p.Status == collect.ProbeMissing && p.Reason != "" { // which says the same
			text, p.Reason = format.Plain(p.Reason), ""
		}
		for _, more := range []string{p.Method, p.Reason} {
			if more != "" {
				text += h.Signs.Dot + format.Plain(more)
			}
		}
		if p.Hits > 0 {
			text += h.Signs.Dot + format.Count(p.Hits) + " hits, " + format.Count(p.Lost) + " lost"
		}
		lines = append(lines, h.entry(format.Plain(p.Name), text, width)...)
	}
	if s.Self.Maps > 0 {
		lines = append(lines, h.entry("memory", format.Bytes(s.Self.Memory)+" of pytop, "+format.Bytes(s.Self.Maps)+" of the kernel for its maps", width)...)
	}
	return lines
}

// probeWords are the states of a probe.
var probeWords = map[collect.ProbeStatus]string{
	collect.ProbeOn: "measures", collect.ProbeOff: "off", collect.ProbeFailed: "failed", collect.ProbeMissing: "not in this version",
}

// entry is a word and its meaning, wrapped.
func (h helpPage) entry(word, meaning string, width int) []string {
	const column = 14
	if h.Signs == &format.ASCII {
		word, meaning = plainWords.Replace(word), plainWords.Replace(meaning)
	}
	var lines []string
	if format.Width(word) > column-1 { // on a line of its own
		lines, word = append(lines, "  "+h.Styles.Accent.Paint(word)), ""
	}
	for i, text := range format.Wrap(meaning, min(width, 100)-column-3) {
		if i > 0 {
			word = ""
		}
		lines = append(lines, "  "+h.Styles.Accent.Paint(format.Left(word, column))+text)
	}
	return lines
}

// plainWords is the help page's signs in ASCII.
var plainWords = strings.NewReplacer("↑", "Up", "↓", "Down", "…", "..", "≥", ">=", "—", "-", "✓", "ok", "×", "x", "µ", "u", "▁▂▃▄▅▆▇█", "_.:-=+*#")

package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"

	"pytop/collect"
	"pytop/tui/format"
)

// definitions is every number of the screen: its name, unit and meaning.
var definitions = [][2]string{
	{"calls/s", "how often Python functions were started in the last interval, per second of the time that was counted; of a process that has just started also of the time before. Starting a generator or coroutine is a call at its first next() or await. Calls of C functions are not Python calls."},
	{"resumes/s", "how often generators and coroutines went on after a yield or await. They are no calls and are not among them."},
	{"%", "of the function: its part of all calls of the interval."},
	{"total", "calls since the time that the pane's title says: since counting began, or since R."},
	{"—", "does not apply. ? is: not measured. 0 is measured."},
	{"last minute", "calls/s of the function, 3 s a point, between 0 and its own largest."},
	{"exact", "every call was counted. ≥ lower bound: some calls cannot be seen (the JIT), or a function was seen running and was not counted; ~ estimate: counted for a part of the time; off: not counted. The reason stands below the header."},
	{"proven", "how many functions were seen to start, from outside, some 20 times a second, and had counted more by the next second. Generators and coroutines are left out."},
	{"lost", "hits that could not be counted for a function, or names that could not be read, by cause."},
	{"tax", "the share of the target's CPU time that counting takes from it: an estimate, of calls and resumes at a price measured on pytop itself. Amber above 10 %. Of several processes: the largest."},
	{"budget", "the tax above which pytop detaches by itself and asks, when it is more than 2 % of a core."},
	{"pytop", "CPU time of pytop itself, in % of one core, and its resident memory."},
	{"probes", "calls, gil, …: ✓ measures, off: does not now, failed: cannot (the reason stands below the header), ?: this pytop does not measure it."},
	{"CALLS/S", "on high screens: calls/s of all functions over the last five minutes, 3 s a point."},
	{"▁▂▃▄▅▆▇█", "in the header: of all calls/s, and of the share of each interval that threads waited for the GIL (the worst one's, of several); one reading a cell, the last at the right, each between 0 and its own largest value in sight; a blank: not measured."},
	{"mean, most", "in the details: of calls/s over the last five minutes, 3 s a point."},
	{"by thread", "in the details: calls and resumes of the function by each thread since they were opened."},
	{"own pid", "in the list of processes: the PID that a process has in its own PID namespace, where that is another."},
	{"in", "in the list of processes: the container, service or chroot that a process runs in."},
	{"calls", "in the list of processes: how its calls can be counted, or why not; looking…: that is being found out. Of watched ones: how true its counts are."},
	{"×3", "in the column pid, with P: a function of 3 processes together. ×3+: of 2 and of some that ended and are no longer listed. ended: of such alone."},
	{"LOG", "what the command prints, with pytop -- COMMAND; it is printed again after the screen. A Python keeps back what it prints to a file until it has 8 KiB: start it with -u to see each line at once."},
	{"held", "the share of the last interval that a thread held the GIL; in the header, that anybody did. A hold includes about one hit of the probe (the price stands below), so that holds of less than a microsecond are not to be told."},
	{"worst of 3", "in the header: of 3 GILs that are measured, its numbers are of the one that was waited for most in the interval, then held most; whose it is stands before it (of one process: which interpreter's). Without a GIL: of the process that was paused most."},
	{"waited", "the share of the interval that a thread waited for the GIL: from its first wait step, when it found the GIL taken, until it took it. Left out: what a thread that was made to drop it spends until it asks for it again, and the time until a wait begins."},
	{"queued", "the share of the interval that a thread was ready to run and waited for a CPU that others had, as the kernel says; it is no wait for the GIL."},
	{"takes/s", "how often a thread took the GIL. longest hold, longest wait: since counting began, what goes on included; R does not change them."},
	{"GIL %", "in the processes pane: the share of the last interval that the process's GIL was held; ~ an estimate, ≥ not all was seen (the reason stands below the header), ? not followed (Enter says why, or since when). Children are followed once they have lived for 100 ms."},
	{"caused", "how long others waited while the thread held the GIL, in shares of the interval: above 100 % when several waited. blame: the same by the innermost function that ran, seen when a wait begins and then once a switch interval."},
	{"made to wait", "in a thread's details: by whom, and whom it made wait: how long one waited while the other held the GIL, of the interval and in all; who holds is looked at when a wait begins and then once a switch interval."},
	{"switches", "the grid, of up to 8 threads: how often the GIL went from a row's thread to a column's, which has the row's number; the more, the deeper the shade. Of more threads the 20 pairs with most are listed. c: a second, or in all."},
	{"holds, 1 µs to 1 s", "on very wide screens: a thread's holds by how long they were, each cell twice as long as the one before."},
	{"caused wait", "of a function, from 120 columns on: how long threads waited for the GIL while it was the innermost Python function of who held it, in shares of the interval; above 100 % when several waited. What it calls counts for what is called; who holds is looked at when a wait begins and then once a switch interval."},
	{"long", "the last holds and waits of 100 ms and more, with the innermost function of who held the GIL when it was first seen to go on for so long. It is looked 20 times a second: how long it went on is at least that. In a thread's details also, in: the C function that the thread was found in most often, sampled 100 times a second of its processor time; from: its callers, where the build keeps frame pointers. asleep: where it slept in the kernel without releasing the GIL, looked at 20 times a second."},
	{"no GIL", "of a free-threaded Python. waited: the share of the interval that a thread waited for a mutex (of an object, or the interpreter's own): from when it was parked until it went on; not the moment that it tries before. paused: that it was kept from running since another had stopped the world; a wait and a pause within it count each for itself. waits/s: waits that ended."},
	{"longest pause", "of a thread, since counting began, what goes on included; R does not change it. parked, in a thread's details: how often it waited in CPython's parking lot for something else than a mutex or a pause (an event, a queue, …), and for how long in all."},
	{"pauses/s", "how often the world was stopped so that a thread felt it: all Python threads wait until what stopped it (a collection of garbage, say) starts it again. Two that follow so soon that no thread ran in between are one. STOPPED BY: which thread did it, as CPython says itself."},
	{"switches/s", "takes by another thread than the one before. forced/s: drops that a thread was made to, and waited to be taken over; those that another had taken over by then (on one CPU, most) are not among them."},
	{"GIL ~", "estimates: it is taken so often that probes would disturb it. Its fields are read a thousand times a second instead; probes look every three seconds whether they can stay. Waits, takes, blame and switches by pairs are not known meanwhile (?), a longest hold is at least (≥) what probes saw."},
	{"GIL ≥", "lower bounds: not all was seen that happened to the GIL, or to waits and pauses without one; the reason stands below the header. (≥) in a title is of all below it."},
}

// helpLines is every key and every number.
func (m *Model) helpLines(width int) []string {
	st := m.styles
	lines := []string{m.line(width, []piece{{text: "HELP", ink: st.title}, {text: m.o.Version, ink: st.dim, gap: "  "}}, []piece{{text: "Esc back", ink: st.dim}}), ""}
	lines = append(lines, " "+st.bold.paint("Keys"))
	for _, b := range []key.Binding{
		keys.Help, keys.Quit, keys.Filter, keys.Sort, keys.SortBack, keys.Digit, keys.Reverse, keys.Down, keys.Up, keys.PageDown, keys.PageUp,
		keys.Top, keys.Bottom, keys.Enter, keys.Escape, keys.Pause, keys.Brake, keys.Longer, keys.Shorter, keys.Reset, keys.Export, keys.ExportTo,
		keys.Pane, keys.PaneBack, keys.Zoom, keys.Blame, keys.Counts, keys.Group, keys.Mark, keys.Mouse, keys.Suspend,
	} {
		lines = append(lines, m.entry(b.Help().Key, b.Help().Desc, width)...)
	}
	lines = append(lines, m.entry("mouse", "a click on a column's title sorts, on a row moves the cursor there, again opens it; the wheel scrolls", width)...)
	lines = append(lines, "", " "+st.bold.paint("Numbers"))
	for _, d := range definitions {
		lines = append(lines, m.entry(d[0], d[1], width)...)
	}
	return append(lines, m.nowLines(width)...)
}

// nowLines is what the header has no room for: how each probe measures, and
// what it has seen.
func (m *Model) nowLines(width int) []string {
	s := m.shown
	if s == nil {
		return nil
	}
	lines := []string{"", " " + m.styles.bold.paint("Probes")}
	for _, p := range s.Probes {
		text := probeWords[p.Status]
		if p.Status == collect.ProbeMissing && p.Reason != "" { // which says the same
			text, p.Reason = format.Plain(p.Reason), ""
		}
		for _, more := range []string{p.Method, p.Reason} {
			if more != "" {
				text += m.signs.Dot + format.Plain(more)
			}
		}
		if p.Hits > 0 {
			text += m.signs.Dot + format.Count(p.Hits) + " hits, " + format.Count(p.Lost) + " lost"
		}
		lines = append(lines, m.entry(format.Plain(p.Name), text, width)...)
	}
	if s.Self.Maps > 0 {
		lines = append(lines, m.entry("memory", format.Bytes(s.Self.Memory)+" of pytop, "+format.Bytes(s.Self.Maps)+" of the kernel for its maps", width)...)
	}
	return lines
}

// probeWords are the states of a probe.
var probeWords = map[collect.ProbeStatus]string{
	collect.ProbeOn: "measures", collect.ProbeOff: "off", collect.ProbeFailed: "failed", collect.ProbeMissing: "not in this version",
}

// entry is a word and its meaning, wrapped.
func (m *Model) entry(word, meaning string, width int) []string {
	const column = 14
	if m.o.ASCII {
		word, meaning = plainWords.Replace(word), plainWords.Replace(meaning)
	}
	var lines []string
	if format.Width(word) > column-1 { // on a line of its own
		lines, word = append(lines, "  "+m.styles.accent.paint(word)), ""
	}
	for i, text := range format.Wrap(meaning, min(width, 100)-column-3) {
		if i > 0 {
			word = ""
		}
		lines = append(lines, "  "+m.styles.accent.paint(format.Left(word, column))+text)
	}
	return lines
}

// plainWords is the help page's signs in ASCII.
var plainWords = strings.NewReplacer("↑", "Up", "↓", "Down", "…", "..", "≥", ">=", "—", "-", "✓", "ok", "×", "x", "µ", "u", "▁▂▃▄▅▆▇█", "_.:-=+*#")

package export

import (
	"bufio"
	"fmt"
	"io"

	"pytop/collect"
)

type dumpJSON struct {
	Schema  string `json:"schema"`
	Version string `json:"pytop"`
	Time    string `json:"time"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Python  string `json:"python"`
	Build   string `json:"build"`
	Command string `json:"command"`
	NoGIL   bool   `json:"free_threaded"`

	// The lists follow, one element at a time: gil and threads.
}

type dumpGILJSON struct {
	Interpreter  int64  `json:"interpreter"`
	Held         bool   `json:"held"`
	HolderTID    *int   `json:"holder_tid"`
	WaitingTIDs  []int  `json:"waiting_tids"`
	SwitchNumber uint64 `json:"switch_number"`
}

type dumpThreadJSON struct {
	TID         *int    `json:"tid"`
	Name        string  `json:"name"`
	Interpreter *int64  `json:"interpreter"` // null: no Python thread
	State       *string `json:"state"`
	HoldsGIL    bool    `json:"holds_gil"`
	WaitsForGIL bool    `json:"waits_for_gil"`

	thread *collect.DumpThread // its stack follows, then dumpEndJSON
}

type dumpEndJSON struct {
	Torn   bool    `json:"torn"`
	Cut    bool    `json:"cut"`
	Reason *string `json:"reason"`
}

// WriteDump writes a dump as one JSON object, escaped as a snapshot's.
func WriteDump(w io.Writer, d *collect.Dump, version string) error {
	return newStream(w).whole(func(out *bufio.Writer) error {
		e := newEncoder(out)
		e.open(dumpJSON{
			Schema: collect.DumpSchema, Version: version, Time: timestamp(d.Time), Host: text(d.Host), PID: d.Process.PID, Python: text(d.Process.Python),
			Build: text(d.Process.Build), Command: text(d.Process.Command), NoGIL: d.NoGIL,
		})
		e.member("gil")
		e.list(each(d.GILs, func(g *collect.DumpGIL) any { return dumpGILOf(g, d) }), "")
		e.member("threads")
		e.list(each(d.Threads, dumpThreadOf), "")
		e.text("}\n")
		return e.err
	})
}

func dumpGILOf(g *collect.DumpGIL, d *collect.Dump) dumpGILJSON {
	row := dumpGILJSON{Interpreter: g.Interpreter, Held: g.Held, HolderTID: some(g.Holder), WaitingTIDs: []int{}, SwitchNumber: g.SwitchNumber}
	for i := range d.Threads {
		if t := &d.Threads[i]; t.WaitsForGIL && (t.Interpreter == g.Interpreter || len(d.GILs) == 1) {
			row.WaitingTIDs = append(row.WaitingTIDs, t.TID)
		}
	}
	return row
}

func dumpThreadOf(t *collect.DumpThread) any {
	row := dumpThreadJSON{TID: some(t.TID), Name: text(t.Name), State: words(t.State), HoldsGIL: t.HoldsGIL, WaitsForGIL: t.WaitsForGIL, thread: t}
	if t.Interpreter >= 0 {
		row.Interpreter = &t.Interpreter
	}
	return row
}

func (r dumpThreadJSON) write(e *encoder) {
	e.open(r)
	e.stack("stack", r.thread.Stack)
	e.close(dumpEndJSON{r.thread.Torn, r.thread.Cut, words(r.thread.Reason)})
}

// PrintDump writes a dump for people: nothing of a name is raw that a terminal
// would obey or not show.
func PrintDump(w io.Writer, d *collect.Dump) error {
	return newStream(w).whole(func(out *bufio.Writer) error {
		printHead(out, d)
		for i := range d.Threads {
			printThread(out, &d.Threads[i])
		}
		return nil
	})
}

func printHead(b *bufio.Writer, d *collect.Dump) {
	fmt.Fprintf(b, "pid %d  CPython %s %s  %s\n", d.Process.PID, shown(d.Process.Python), shown(d.Process.Build), shown(d.Process.Command))
	switch {
	case d.NoGIL:
		b.WriteString("it runs free-threaded: there is no GIL\n")
	case len(d.GILs) == 0:
		b.WriteString("there is no GIL yet: Python has not started\n")
	}
	for _, g := range d.GILs {
		name := "GIL"
		if len(d.GILs) > 1 {
			name = fmt.Sprintf("GIL of interpreter %d", g.Interpreter)
		}
		switch {
		case !g.Held:
			fmt.Fprintf(b, "%s: nobody has it\n", name)
		case g.Holder == 0:
			fmt.Fprintf(b, "%s: held, by a thread that is not known\n", name)
		default:
			fmt.Fprintf(b, "%s: thread %d has it\n", name, g.Holder)
		}
	}
}

func printThread(b *bufio.Writer, t *collect.DumpThread) {
	fmt.Fprintf(b, "\nthread %d  %s  %s", t.TID, shown(t.Name), shown(t.State))
	for _, say := range []struct {
		is   bool
		text string
	}{
		{t.HoldsGIL, "has the GIL"},
		{t.WaitsForGIL, "waits for the GIL"},
		{t.Interpreter < 0, "no Python thread"},
		{t.Interpreter > 0, fmt.Sprintf("interpreter %d", t.Interpreter)},
		{t.Torn, "torn: its stack changed whenever it was read"},
		{t.Reason != "", shown(t.Reason)},
	} {
		if say.is {
			b.WriteString("  " + say.text)
		}
	}
	b.WriteString("\n")
	for _, p := range t.Stack {
		line := "?" // not known
		if p.Line > 0 {
			line = fmt.Sprint(p.Line)
		}
		fmt.Fprintf(b, "    %s  %s:%s\n", shown(p.Function), shown(p.File), line)
	}
	switch {
	case t.Cut:
		b.WriteString("    …\n")
	case len(t.Stack) == 0 && t.Interpreter >= 0 && t.Reason == "":
		b.WriteString("    no Python frame\n")
	}
}

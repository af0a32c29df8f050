package export

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"pytop/collect"
)

type dumpJSON struct {
	Schema  string           `json:"schema"`
	Version string           `json:"pytop"`
	Time    string           `json:"time"`
	Host    string           `json:"host"`
	PID     int              `json:"pid"`
	Python  string           `json:"python"`
	Build   string           `json:"build"`
	Command string           `json:"command"`
	NoGIL   bool             `json:"free_threaded"`
	GIL     []dumpGILJSON    `json:"gil"`
	Threads []dumpThreadJSON `json:"threads"`
}

type dumpGILJSON struct {
	Interpreter  int64  `json:"interpreter"`
	Held         bool   `json:"held"`
	HolderTID    *int   `json:"holder_tid"`
	WaitingTIDs  []int  `json:"waiting_tids"`
	SwitchNumber uint64 `json:"switch_number"`
}

type dumpThreadJSON struct {
	TID         *int        `json:"tid"`
	Name        string      `json:"name"`
	Interpreter *int64      `json:"interpreter"` // null: no Python thread
	State       *string     `json:"state"`
	HoldsGIL    bool        `json:"holds_gil"`
	WaitsForGIL bool        `json:"waits_for_gil"`
	Stack       []placeJSON `json:"stack"`
	Torn        bool        `json:"torn"`
	Cut         bool        `json:"cut"`
	Reason      *string     `json:"reason"`
}

// WriteDump writes a dump as one JSON object.
func WriteDump(w io.Writer, d *collect.Dump, version string) error {
	out := dumpJSON{
		Schema: collect.DumpSchema, Version: version, Time: timestamp(d.Time), Host: text(d.Host), PID: d.Process.PID, Python: d.Process.Python,
		Build: d.Process.Build, Command: text(d.Process.Command), NoGIL: d.NoGIL, GIL: []dumpGILJSON{}, Threads: []dumpThreadJSON{},
	}
	for _, g := range d.GILs {
		row := dumpGILJSON{Interpreter: g.Interpreter, Held: g.Held, HolderTID: some(g.Holder), WaitingTIDs: []int{}, SwitchNumber: g.SwitchNumber}
		for _, t := range d.Threads {
			if t.WaitsForGIL && (t.Interpreter == g.Interpreter || len(d.GILs) == 1) {
				row.WaitingTIDs = append(row.WaitingTIDs, t.TID)
			}
		}
		out.GIL = append(out.GIL, row)
	}
	for i := range d.Threads {
		t := &d.Threads[i]
		row := dumpThreadJSON{
			TID: some(t.TID), Name: text(t.Name), State: words(t.State), HoldsGIL: t.HoldsGIL, WaitsForGIL: t.WaitsForGIL,
			Stack: []placeJSON{}, Torn: t.Torn, Cut: t.Cut, Reason: words(t.Reason),
		}
		if t.Interpreter >= 0 {
			row.Interpreter = &t.Interpreter
		}
		for _, p := range t.Stack {
			row.Stack = append(row.Stack, placeJSON{text(p.File), text(p.Function), some(p.Line)})
		}
		out.Threads = append(out.Threads, row)
	}
	data, err := json.Marshal(out)
	if err == nil {
		_, err = w.Write(append(escapeControls(data), '\n'))
	}
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// PrintDump writes a dump for people. Control characters are written as in Python.
func PrintDump(w io.Writer, d *collect.Dump) error {
	var b strings.Builder
	fmt.Fprintf(&b, "pid %d  CPython %s %s  %s\n", d.Process.PID, d.Process.Python, d.Process.Build, cell(d.Process.Command))
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
			fmt.Fprintf(&b, "%s: nobody has it\n", name)
		case g.Holder == 0:
			fmt.Fprintf(&b, "%s: held, by a thread that is not known\n", name)
		default:
			fmt.Fprintf(&b, "%s: thread %d has it\n", name, g.Holder)
		}
	}
	for i := range d.Threads {
		printThread(&b, &d.Threads[i])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printThread(b *strings.Builder, t *collect.DumpThread) {
	fmt.Fprintf(b, "\nthread %d  %s  %s", t.TID, cell(t.Name), t.State)
	for _, say := range []struct {
		is   bool
		text string
	}{
		{t.HoldsGIL, "has the GIL"},
		{t.WaitsForGIL, "waits for the GIL"},
		{t.Interpreter < 0, "no Python thread"},
		{t.Interpreter > 0, fmt.Sprintf("interpreter %d", t.Interpreter)},
		{t.Torn, "torn: its stack changed whenever it was read"},
		{t.Reason != "", cell(t.Reason)},
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
		fmt.Fprintf(b, "    %s  %s:%s\n", cell(p.Function), cell(p.File), line)
	}
	switch {
	case t.Cut:
		b.WriteString("    …\n")
	case len(t.Stack) == 0 && t.Interpreter >= 0 && t.Reason == "":
		b.WriteString("    no Python frame\n")
	}
}

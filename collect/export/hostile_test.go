package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/escape"
)

// hostile are names that processes chose to do harm.
var hostile = []string{
	"\x1b]0;PWNED\x07", "\x1b[2J\x1b[31mRED", "\x9b31mC1", "\u009b31mC1", "a\nb\r\n=1+1,\",", "\u202eevil", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2+3",
	`","level":"root"}` + "\n{\"x\":1", "\x00nul", "\xed\xa0\x80lone", "<script>", "\x1bP+q544e\x1b\\", "\x1b]52;c;cHduZWQ=\x07", "w\u0301\u0301", "\u200b\u200d", "\t=1",
	"\r=1", ` "'=1`, "'=1", "''=1", "'plain", `"`, "a;=1", "a,-1", ";;=1", "＝1", "\u2028\u2029", "a\U000e0041", "\u0301=", "\u3164", "葛\U000e0100", "\ufeff=1", "\u00a0=1", `\x1b`,
}

// undefused gives back the text that defuse made a cell of.
func undefused(cell string) string {
	var out strings.Builder
	for _, part := range strings.SplitAfter(strings.ReplaceAll(cell, ",", ",\x00"), "\x00") {
		for _, piece := range strings.SplitAfter(strings.TrimSuffix(part, "\x00"), ";") {
			if formula(piece) {
				piece = piece[1:]
			}
			out.WriteString(piece)
		}
	}
	return out.String()
}

// named is a snapshot in which everything that a process can name is so named.
func named(name string) *collect.Snapshot {
	place := []collect.Place{{File: name, Function: name, Line: 1}}
	process := &collect.Process{PID: 1, Python: name, Build: name, Command: name, User: name, Container: name}
	return &collect.Snapshot{
		Time: noon, Since: noon, Host: name, EndReason: name, Final: true,
		Processes: []collect.ProcessRow{{ProcessReading: collect.ProcessReading{Process: process, Reason: name, Method: name}}},
		Past:      []collect.ProcessReading{{Process: process, Reason: name}},
		Functions: []collect.FunctionRow{{Code: &collect.Code{PID: 1, File: name, Function: name, Line: 1}}},
		Threads:   []collect.ThreadRow{{ThreadReading: collect.ThreadReading{PID: 1, Name: name, State: name, Place: place[0]}}},
		GILs: []collect.GILRow{{
			GILReading: collect.GILReading{PID: 1, LongHolds: []collect.LongHold{{Stack: place, Native: collect.Native{Reason: name,
				Ran: collect.NativeLooks{Stack: []collect.NativeFrame{{Module: name, Symbol: name}}}}}}, LongWaits: []collect.LongWait{{Stack: place, HolderStack: place}}},
			Blamed: []collect.BlameRow{{Place: place[0], Stack: place}},
		}},
		Probes: []collect.Probe{{Name: name, Reason: name, Method: name}},
		Lost:   []collect.Loss{{Cause: name, Count: 1}},
	}
}

// raw returns the first code point that must not be written raw, other than
// the line ends that are ours; 0 if there is none.
func raw(data []byte) rune {
	for _, r := range string(bytes.ReplaceAll(data, []byte("\n"), nil)) {
		if escape.Invisible(r) {
			return r
		}
	}
	return 0
}

// everyTable is all that CSV has of a snapshot.
func everyTable(t *testing.T, s *collect.Snapshot) (cells [][]string) {
	t.Helper()
	for _, table := range tables {
		var out bytes.Buffer
		if err := table.write(&out, s, Options{}, false); err != nil {
			t.Fatal(err)
		}
		if r := raw(out.Bytes()); r != 0 {
			t.Errorf("%U is raw in %q", r, out.Bytes())
		}
		records, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		cells = append(cells, records...)
	}
	return cells
}

func checkCSV(t *testing.T, name string) {
	t.Helper()
	found := 0
	for _, record := range everyTable(t, named(name)) {
		for _, cell := range record {
			if strings.IndexAny(strings.TrimLeft(cell, ` "`), triggers) == 0 || strings.ContainsAny(cell, "\r\n\t") {
				t.Errorf("%q: a spreadsheet runs the cell %q", name, cell)
			}
			for _, part := range strings.Split(cell, ";") { // as a spreadsheet does that parts cells there
				if strings.IndexAny(strings.TrimLeft(part, ` "`), triggers) == 0 {
					t.Errorf("%q: a spreadsheet runs %q of the cell %q", name, part, cell)
				}
			}
			if undefused(cell) == shown(name) {
				found++
			}
		}
	}
	if found < 4 {
		t.Errorf("%q: in %d cells, want a file, a function, a thread and its function", name, found)
	}
}

func checkJSON(t *testing.T, name string) {
	t.Helper()
	for _, between := range []string{"", "\n"} {
		var out bytes.Buffer
		if err := writeJSON(&out, named(name), Options{Version: "1"}, between); err != nil {
			t.Fatal(err)
		}
		if r := raw(out.Bytes()); r != 0 {
			t.Errorf("%U is raw in %q", r, out.Bytes())
		}
		if between == "" && bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Errorf("more than one line: %q", out.Bytes())
		}
		var got struct {
			Host      string
			Functions []struct{ File, Function string }
			Threads   []struct{ Name string }
			GIL       []struct {
				Blame []struct{ Stack []struct{ Function string } }
			}
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v in %q", err, out.Bytes())
		}
		for _, one := range []string{got.Host, got.Functions[0].File, got.Functions[0].Function, got.Threads[0].Name, got.GIL[0].Blame[0].Stack[0].Function} {
			if one != text(name) {
				t.Errorf("%q came back as %q", name, one)
			}
		}
	}
}

func checkDump(t *testing.T, name string) {
	t.Helper()
	d := &collect.Dump{Time: noon, Host: name, Process: &collect.Process{PID: 1, Python: name, Build: name, Command: name},
		GILs:    []collect.DumpGIL{{Held: true, Holder: 1}},
		Threads: []collect.DumpThread{{TID: 1, Name: name, State: name, Reason: name, Stack: []collect.Place{{File: name, Function: name, Line: 1}}}}}
	var forPeople, object bytes.Buffer
	if err := PrintDump(&forPeople, d); err != nil {
		t.Fatal(err)
	}
	if err := WriteDump(&object, d, "1"); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{forPeople.Bytes(), object.Bytes()} {
		if r := raw(data); r != 0 {
			t.Errorf("%U is raw in %q", r, data)
		}
	}
	if lines := bytes.Count(forPeople.Bytes(), []byte("\n")); lines != 5 {
		t.Errorf("%q makes %d lines of 5:\n%s", name, lines, forPeople.Bytes())
	}
	var got struct {
		Command string
		Threads []struct {
			Name  string
			Stack []struct{ Function string }
		}
	}
	if err := json.Unmarshal(object.Bytes(), &got); err != nil || got.Command != text(name) || got.Threads[0].Name != text(name) || got.Threads[0].Stack[0].Function != text(name) {
		t.Errorf("%q came back as %+v, %v", name, got, err)
	}
}

// TestHostileNames: wherever a process's words are written, nothing of them is
// run by a spreadsheet or obeyed by a terminal, and they can be read back.
func TestHostileNames(t *testing.T) {
	for _, name := range hostile {
		checkCSV(t, name)
		checkJSON(t, name)
		checkDump(t, name)
	}
}

func TestDefuse(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "f": "f", "a=1": "a=1", "-": "'-", "=1": "'=1", "  +1": "'  +1", "'@x": "''@x", `"-x`: `'"-x`, "'f": "'f", "＝1": "'＝1",
		"a;=1": "a;'=1", "a, -1": "a,' -1", "=1;=2": "'=1;'=2", "<lambda>": "<lambda>", "re-used.py": "re-used.py", "/a/-b.py": "/a/-b.py", `\x09=1`: `\x09=1`,
	} {
		if got := defuse(text); got != want || undefused(got) != text {
			t.Errorf("%q is %q, and back %q; want %q", text, got, undefused(got), want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name != "" {
			checkCSV(t, name)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name != "" { // of which there is no function
			checkJSON(t, name)
			checkDump(t, name)
		}
	})
}

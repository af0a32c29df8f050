package inspect_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/livetest"
)

// TestDump compares stacks with what the program says of them itself.
func TestDump(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Pythons(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/gil.py", "stacks")
			w.In.Write([]byte("go\n"))
			var said struct {
				Stacks map[string][][3]any `json:"stacks"`
			}
			if err := json.Unmarshal([]byte(w.Line(t, "{")), &said); err != nil {
				t.Fatal(err)
			}
			d := dumpAsleep(t, w.Process.Pid)
			if len(d.Threads) != 4 || len(said.Stacks) != 4 {
				t.Errorf("%d threads, the program has %d", len(d.Threads), len(said.Stacks))
			}
			for _, one := range d.Threads {
				want := said.Stacks[fmt.Sprint(one.TID)]
				if one.Torn || one.Cut || one.Reason != "" || one.HoldsGIL || one.WaitsForGIL || one.State != "sleeping" {
					t.Errorf("%+v", one)
				}
				if one.TID == w.Process.Pid {
					want = [][3]any{{one.Stack[0].File, "main", float64(one.Stack[0].Line)}, {one.Stack[0].File, "<module>", float64(one.Stack[1].Line)}}
				}
				livetest.SameStack(t, one.Stack, want)
			}
			if d.NoGIL {
				return
			}
			if len(d.GILs) != 1 || d.GILs[0].Held {
				t.Errorf("GILs %+v", d.GILs)
			}
		})
	}
}

// dumpAsleep dumps a process once all its threads sleep, as they soon will.
func dumpAsleep(t *testing.T, pid int) *collect.Dump {
	t.Helper()
	for tries := 0; ; tries++ {
		d, err := inspect.Dump(pid)
		if err != nil {
			t.Fatal(err)
		}
		awake := slices.ContainsFunc(d.Threads, func(one collect.DumpThread) bool { return one.State != "sleeping" })
		if !awake || tries == 100 {
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestDumpBusy reads stacks that change all the time, and who has the GIL.
func TestDumpBusy(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := p.Start(t, p.Workloads(t)+"/gil.py", "hog", "60")
			w.In.Write([]byte("go\n"))
			held, waited, dumps := 0, 0, 0
			for deadline := time.Now().Add(20 * time.Second); dumps < 20 || (held == 0 || waited == 0) && time.Now().Before(deadline); dumps++ {
				d, err := inspect.Dump(w.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range d.Threads {
					if one.HoldsGIL {
						held++
					}
					if one.WaitsForGIL {
						waited++
					}
					if !one.Torn && one.Reason == "" && len(one.Stack) > 0 && one.Stack[len(one.Stack)-1].Function != "<module>" &&
						one.Stack[len(one.Stack)-1].Function != "Thread._bootstrap" && one.Stack[len(one.Stack)-1].Function != "_bootstrap" {
						t.Errorf("a stack that ends in %+v", one.Stack[len(one.Stack)-1])
					}
				}
			}
			if held == 0 || waited == 0 {
				t.Errorf("in %d dumps %d threads hold it, %d wait", dumps, held, waited)
			}
		})
	}
}

// TestLines compares the line of every instruction of some of the standard
// library with what the interpreter says.
func TestLines(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Pythons(t) {
		t.Run(p.Name, func(t *testing.T) {
			out, err := p.Command(p.Workloads(t) + "/lines.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			w := p.Start(t, p.Workloads(t)+"/gil.py", "spin")
			l, err := inspect.Locate(w.Process.Pid)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			checked, wrong := 0, 0
			rows := bufio.NewScanner(bytes.NewReader(out))
			rows.Buffer(nil, 1<<24)
			for rows.Scan() {
				var row struct {
					Table string   `json:"table"`
					First int      `json:"first"`
					Size  int      `json:"size"`
					Lines [][2]int `json:"lines"`
				}
				if err := json.Unmarshal(rows.Bytes(), &row); err != nil {
					t.Fatal(err)
				}
				table, err := hex.DecodeString(row.Table)
				if err != nil {
					t.Fatal(err)
				}
				want, next := 0, 0
				for at := 0; at < row.Size; at += 2 {
					for next < len(row.Lines) && row.Lines[next][0] <= at {
						want = row.Lines[next][1]
						next++
					}
					last := int64(at)
					if l.Python.Minor == 10 {
						last /= 2 // f_lasti counts instructions
					}
					checked++
					if got := l.Python.LineTable.Line(table, row.First, last); got != want {
						if wrong++; wrong < 5 {
							t.Errorf("line %d at %d of the code at line %d, not %d", got, at, row.First, want)
						}
					}
				}
			}
			if checked < 10000 {
				t.Errorf("only %d instructions", checked)
			}
			t.Logf("%d instructions, %d wrong", checked, wrong)
		})
	}
}

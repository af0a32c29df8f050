package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// hogAmongWorkers starts a program of which one thread holds the GIL for long
// and two others want it, and waits until all three are at it.
func hogAmongWorkers(t testing.TB) (pid string) {
	t.Helper()
	w := workload(t, systemPython, "gil.py", "hog", "600")
	w.say(t, "go")
	var out []byte
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		out, _ = exec.Command(built, "dump", "-p", w.pid()).CombinedOutput() // what it says is judged
		if s := string(out); strings.Count(s, "hog.<locals>.worker  ") == 2 && strings.Contains(s, "hog.<locals>.culprit  ") {
			return w.pid()
		}
	}
	t.Fatalf("the threads did not come to run:\n%s", out)
	return ""
}

// TestScreenGIL: the pane names who holds the GIL among workers, and what it runs.
func TestScreenGIL(t *testing.T) {
	needRoot(t)
	pid := hogAmongWorkers(t)
	s := newTerminal(t, 120, 32)
	s.run("--budget off -d 0.3 -p", pid)
	s.wants("blame: ", "discount", "made others wait", "SWITCHES", " held", "switches/s", "has it")
	s.press("Tab")
	s.press("Enter")
	for range 20 { // on a busy machine it is not always the first
		if strings.Contains(s.wants("THREAD", "longest", "caused"), "discount made others wait") {
			break
		}
		s.press("Escape")
		s.wants("blame: ")
		time.Sleep(300 * time.Millisecond)
		s.press("Enter")
	}
	s.wants("THREAD", "longest", "caused", "discount made others wait")
	s.press("Escape")
	s.wants("blame: ")
	s.press("b")
	s.wants("BLAME", "made others wait", "mostly in this stack", "hog.<locals>.culprit")
	s.press("Escape")
	s.wants("from row to column")
	s.press("c")
	s.wants("SWITCHES in all")
	s.press("s")
	s.wants("waited ▼")
	s.resize(80, 24)
	s.wants("blame: ", "discount", "SWITCHES")
	s.press("q")
	s.ends(exitDone)
}

// TestDump: stacks, and who has the GIL, as text and as JSON.
func TestDump(t *testing.T) {
	needRoot(t)
	pid := hogAmongWorkers(t)
	out, err := exec.Command(built, "dump", "-p", pid).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "GIL: ") || !strings.Contains(string(out), "worker  ") {
		t.Errorf("%v\n%s", err, out)
	}
	held := 0
	for range 20 {
		out, err := exec.Command(built, "dump", "-p", pid, "-o", "json").Output()
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Schema string `json:"schema"`
			GIL    []struct {
				Holder *int `json:"holder_tid"`
			} `json:"gil"`
			Threads []struct {
				Stack []struct {
					Function string `json:"function"`
				} `json:"stack"`
			} `json:"threads"`
		}
		if err := json.Unmarshal(out, &d); err != nil {
			t.Fatal(err)
		}
		if d.Schema != "pytop-dump/1" || len(d.GIL) != 1 || len(d.Threads) != 4 {
			t.Fatalf("%s", out)
		}
		if d.GIL[0].Holder != nil {
			held++
		}
	}
	if held == 0 {
		t.Error("in 20 dumps nobody holds it")
	}
}

// TestGILOutput: threads and GILs in JSON, and switches in the table.
func TestGILOutput(t *testing.T) {
	needRoot(t)
	pid := hogAmongWorkers(t)
	out, err := exec.Command(built, "-p", pid, "--probes", "gil", "--duration", "1", "-o", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Processes []struct {
			Status string `json:"calls_status"`
		} `json:"processes"`
		Threads []struct {
			Holds *uint64  `json:"holds"`
			Share *float64 `json:"hold_share"`
		} `json:"threads"`
		GIL []struct {
			Share *float64 `json:"held_share"`
			Pairs []struct {
				From, To *int
				Count    uint64
			} `json:"pairs"`
			Blame []struct {
				Function string `json:"function"`
			} `json:"blame"`
		} `json:"gil"`
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.GIL) != 1 || len(s.Threads) != 4 || s.Processes[0].Status != "off" {
		t.Fatalf("%s", out)
	}
	if g := s.GIL[0]; g.Share == nil || *g.Share < 0.2 || len(g.Pairs) < 2 || len(g.Blame) == 0 || !strings.HasSuffix(g.Blame[0].Function, "discount") {
		t.Errorf("%s", out)
	}
	out, err = exec.Command(built, "-p", pid, "--duration", "1", "-o", "table").Output()
	if err != nil || !strings.Contains(string(out), "from_tid → to_tid") || !strings.Contains(string(out), "made others wait") {
		t.Errorf("%v\n%s", err, out)
	}
}

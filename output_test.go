package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// snapshot is what the tests look at in one of pytop's JSON objects.
type snapshot struct {
	Schema    string  `json:"schema"`
	Seq       int     `json:"seq"`
	Interval  float64 `json:"interval_s"`
	Since     string  `json:"since"`
	Time      string  `json:"time"`
	Final     bool    `json:"final"`
	EndReason *string `json:"end_reason"`
	Processes []struct {
		PID      int      `json:"pid"`
		Status   string   `json:"calls_status"`
		Reason   *string  `json:"reason"`
		Counted  float64  `json:"counted_s"`
		Calls    *float64 `json:"calls_per_s"`
		TaxShare *float64 `json:"tax_share"`
	} `json:"processes"`
	Functions []struct {
		PID      int     `json:"pid"`
		File     string  `json:"file"`
		Function string  `json:"function"`
		Line     int     `json:"line"`
		Calls    uint64  `json:"calls"`
		Delta    uint64  `json:"calls_delta"`
		PerS     float64 `json:"calls_per_s"`
		Resumes  uint64  `json:"resumes"`
		Status   string  `json:"calls_status"`
	} `json:"functions"`
	Lost map[string]uint64 `json:"lost"`
}

// snapshots parses JSON objects, one after the other, to the last byte.
func snapshots(t testing.TB, text string) (list []snapshot) {
	t.Helper()
	in := json.NewDecoder(strings.NewReader(text))
	for in.More() {
		var s snapshot
		if err := in.Decode(&s); err != nil {
			t.Fatalf("%v in %.300s", err, text)
		}
		if s.Schema != "pytop/1" {
			t.Fatalf("schema %q", s.Schema)
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		t.Fatal("no snapshot was written")
	}
	return list
}

// calls sums the functions of a name.
func (s *snapshot) calls(function string) (n uint64) {
	for _, f := range s.Functions {
		if f.Function == function {
			n += f.Calls
		}
	}
	return n
}

// sum adds up all functions.
func (s *snapshot) sum() (calls, delta uint64) {
	for _, f := range s.Functions {
		calls, delta = calls+f.Calls, delta+f.Delta
	}
	return calls, delta
}

// watched starts pytop on a workload that makes and calls functions on
// command, ready to be commanded.
func watched(t testing.TB, args ...string) (*target, *running) {
	t.Helper()
	w := workload(t, systemPython, "obey.py")
	w.obey(t, "make a 50", "made")
	p := begin(t, nil, append([]string{"-p", w.pid(), "--budget", "off"}, args...)...)
	p.ready(t)
	return w, p
}

// TestJSON: one object of the whole run.
func TestJSON(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "json", "-d", "100ms")
	w.obey(t, "run a 100", "ran 5000")
	time.Sleep(250 * time.Millisecond) // two readings more
	w.obey(t, "run a 1", "ran 50")
	w.say(t, "exit 0")
	got := p.wait(t)
	got.mustSay(t, exitDone, "pytop: ready pid "+w.pid()+" CPython 3.", "calls exact")
	list := snapshots(t, got.out)
	s := list[0]
	if len(list) != 1 || !s.Final || s.EndReason == nil || !strings.Contains(*s.EndReason, "ended") {
		t.Fatalf("%d objects, final %v", len(list), s.Final)
	}
	if calls, delta := s.sum(); calls != 5050 || delta != 5050 || len(s.Functions) != 50 {
		t.Errorf("%d calls and %d in the last interval, which is all the run, of %d functions; want 5050, 5050, 50", calls, delta, len(s.Functions))
	}
	if s.Functions[0].Calls != 101 || s.Functions[0].Status != "exact" || s.Processes[0].Reason != nil {
		t.Errorf("%+v, reason %v", s.Functions[0], s.Processes[0].Reason)
	}
	began, err1 := time.Parse(time.RFC3339, s.Since)
	ended, err2 := time.Parse(time.RFC3339, s.Time)
	if d := ended.Sub(began).Seconds(); err1 != nil || err2 != nil || d-s.Interval > 0.01 || s.Interval-d > 0.01 {
		t.Errorf("from %s to %s the interval is %v s", s.Since, s.Time, s.Interval)
	}
}

// TestWhole: however the format is spelt, JSON is one object of the whole run.
func TestWhole(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, name := range []string{"JSON", "Json", t.TempDir() + "/run.JSON"} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			w, p := watched(t, "-o", name, "-d", "100ms")
			w.obey(t, "run a 2", "ran 100")
			time.Sleep(250 * time.Millisecond) // the last interval has no call
			w.say(t, "exit 0")
			got := p.wait(t)
			got.mustSay(t, exitDone)
			text := []byte(got.out)
			if filepath.IsAbs(name) {
				var err error
				if text, err = os.ReadFile(name); err != nil {
					t.Fatal(err)
				}
			}
			list := snapshots(t, string(text))
			if calls, delta := list[0].sum(); len(list) != 1 || calls != 100 || delta != 100 {
				t.Errorf("%d objects; %d calls, %d of them in the interval, want 100, which is the whole run", len(list), calls, delta)
			}
		})
	}
}

// TestJSONL: an object an interval, whose differences add up.
func TestJSONL(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "jsonl", "-d", "100ms", "-n", "4")
	w.obey(t, "run a 100", "ran 5000")
	time.Sleep(150 * time.Millisecond)
	w.obey(t, "run a 2", "ran 100")
	got := p.wait(t)
	got.mustSay(t, exitDone)
	list := snapshots(t, got.out)
	if len(list) != 4 || strings.Count(got.out, "\n") != 4 {
		t.Fatalf("%d objects in %d lines, want 4", len(list), strings.Count(got.out, "\n"))
	}
	var sum uint64
	for i, s := range list {
		calls, delta := s.sum()
		if sum += delta; calls != sum || s.Seq != i+1 || s.Final != (i == 3) {
			t.Errorf("reading %d: %d calls, %d by its differences; final %v", s.Seq, calls, sum, s.Final)
		}
	}
	if sum != 5100 {
		t.Errorf("%d calls, want 5100", sum)
	}
	if last := list[3]; last.EndReason == nil || !strings.Contains(*last.EndReason, "as many readings") {
		t.Errorf("it does not say why it ended: %v", last.EndReason)
	}
	unpatched(t, w.Process.Pid)
	w.obey(t, "run a 1", "ran 50") // it lives
}

func TestCSV(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "csv", "-d", "100ms", "--duration", "350ms")
	w.obey(t, "run a 100", "ran 5000")
	got := p.wait(t)
	got.mustSay(t, exitDone)
	rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
	if err != nil || len(rows) < 51 {
		t.Fatalf("%v, %d rows", err, len(rows))
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	var delta uint64
	last := map[string]string{}
	for _, row := range rows[1:] {
		n, err := strconv.ParseUint(row[column["calls_delta"]], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		delta += n
		last[row[column["function"]]] = row[column["calls"]]
	}
	if delta != 5000 || len(last) != 50 || last["a_00000"] != "100" {
		t.Errorf("%d calls by differences of %d functions; a_00000: %s", delta, len(last), last["a_00000"])
	}
}

func TestTable(t *testing.T) {
	needRoot(t)
	t.Parallel()
	for _, how := range [][]string{{"-o", "table", "--top", "7"}, {"--batch", "--top", "7"}, {"--top", "7", "--filter", "a_0000"}, {"--batch", "--ascii", "--top", "7", "--sort", "function"}} {
		t.Run(strings.Join(how, " "), func(t *testing.T) {
			t.Parallel()
			w, p := watched(t, append(how, "-d", "100ms", "-n", "3")...)
			w.obey(t, "run a 100", "ran 5000")
			got := p.wait(t)
			got.mustSay(t, exitDone)
			want := 3 // tables
			if how[1] == "table" {
				want = 1
			}
			if n := strings.Count(got.out, "file:line"); n != want {
				t.Errorf("%d tables, want %d:\n%s", n, want, got.out)
			}
			tables := strings.Split(got.out, "file:line")
			if n := strings.Count(tables[len(tables)-1], "obey-a.py:"); n != 7 {
				t.Errorf("%d functions, want 7:\n%s", n, got.out)
			}
			if !strings.Contains(got.out, "CPython 3.") || strings.Contains(got.out, "\x1b") {
				t.Errorf("a plain table with its header was wanted:\n%s", got.out)
			}
		})
	}
}

// TestTop: JSON holds every function, unless --top is given.
func TestTop(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "json", "--top", "7", "--filter", "nothing has this name")
	w.obey(t, "run a 1", "ran 50")
	w.say(t, "exit 0")
	if s := snapshots(t, p.wait(t).out); len(s[0].Functions) != 7 {
		t.Errorf("%d functions, want 7", len(s[0].Functions))
	}
}

// TestFile: a file's extension names the format; it is new and private.
func TestFile(t *testing.T) {
	needRoot(t)
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"out.json", "out.jsonl", "out.csv"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, name)
			w, p := watched(t, "-o", path, "-d", "100ms", "-n", "2")
			w.obey(t, "run a 1", "ran 50")
			got := p.wait(t)
			got.mustSay(t, exitDone)
			text, err := os.ReadFile(path)
			if err != nil || got.out != "" {
				t.Fatalf("%v; on standard output %q", err, got.out)
			}
			if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 {
				t.Errorf("mode %v (%v), want 0600", about.Mode(), err)
			}
			if name == "out.csv" {
				if rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll(); err != nil || len(rows) < 51 {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			} else if calls, _ := snapshots(t, string(text))[0].sum(); name == "out.json" && calls != 50 {
				t.Errorf("%d calls, want 50", calls)
			}
			again := pytop(t, "-p", w.pid(), "-o", path, "-n", "1")
			again.mustSay(t, exitFailure, "file exists", "pytop writes new files only", "name another file")
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		t.Parallel()
		w := workload(t, systemPython, "obey.py")
		pytop(t, "-p", w.pid(), "-o", filepath.Join(dir, "no/such/dir.json")).mustSay(t, exitFailure, "no such file or directory", "name another file")
		unpatched(t, w.Process.Pid)
	})
	t.Run("nothing to write", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(dir, "none.json")
		pytop(t, "-p", fmt.Sprint(absent(t)), "-o", path).mustSay(t, exitNoTarget)
		if _, err := os.Stat(path); err == nil {
			t.Error("an empty file was left behind")
		}
	})
}

func TestDuration(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w, p := watched(t, "-o", "json", "--duration", "0.4")
	w.obey(t, "run a 1", "ran 50")
	got := p.wait(t)
	got.mustSay(t, exitDone)
	s := snapshots(t, got.out)[0]
	if s.Interval < 0.35 || s.Interval > 3 || s.EndReason == nil || !strings.Contains(*s.EndReason, "time") {
		t.Errorf("%v s, ended since %v", s.Interval, s.EndReason)
	}
	if calls, _ := s.sum(); calls != 50 {
		t.Errorf("%d calls, want 50", calls)
	}
}

// TestSeveral: more processes than one, told apart.
func TestSeveral(t *testing.T) {
	needRoot(t)
	t.Parallel()
	first, second := workload(t, systemPython, "obey.py"), workload(t, systemPython, "obey.py")
	for _, w := range []*target{first, second} {
		w.obey(t, "make a 5", "made")
	}
	p := begin(t, nil, "-p", first.pid()+","+second.pid(), "--budget", "off", "-o", "json")
	p.ready(t)
	first.obey(t, "run a 3", "ran 15")
	second.obey(t, "run a 4", "ran 20")
	first.say(t, "exit 0")
	second.say(t, "exit 0")
	s := snapshots(t, p.wait(t).out)[0]
	by := map[int]uint64{}
	for _, f := range s.Functions {
		by[f.PID] += f.Calls
	}
	if len(s.Processes) != 2 || by[first.Process.Pid] != 15 || by[second.Process.Pid] != 20 {
		t.Errorf("%d processes, calls by process %v; want 15 and 20", len(s.Processes), by)
	}
}

// TestFullMap: 5,000 functions and room for 64 (a hash map may hold a few more
// or less): what is not counted is counted as lost.
func TestFullMap(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := workload(t, systemPython, "obey.py")
	w.obey(t, "make many 5000", "made")
	p := begin(t, nil, "-p", w.pid(), "--budget", "off", "-o", "json", "--functions", "64")
	p.ready(t)
	w.obey(t, "run many 3", "ran 15000")
	w.obey(t, "run many 4", "ran 20000")
	w.obey(t, "free many", "freed")
	w.say(t, "exit 0")
	s := snapshots(t, p.wait(t).out)[0]
	calls, _ := s.sum()
	if lost := s.Lost["map_full"]; calls+lost != 35000 || lost == 0 {
		t.Errorf("%d counted and %d lost are not 35000", calls, lost)
	}
	if len(s.Functions) < 16 || len(s.Functions) > 256 {
		t.Errorf("%d functions where there is room for 64", len(s.Functions))
	}
	for _, f := range s.Functions {
		if f.Calls != 7 || f.Status != "lower_bound" {
			t.Errorf("%s: %d calls, %s; want 7, lower_bound", f.Function, f.Calls, f.Status)
			break
		}
	}
	process := s.Processes[0]
	if process.Status != "lower_bound" || process.Reason == nil || !strings.Contains(*process.Reason, "see --functions") {
		t.Errorf("status %s, reason %v", process.Status, process.Reason)
	}
}

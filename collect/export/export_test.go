package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pytop/collect"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 21, 14, 3, 27, 123456789, time.UTC)

// shop is a snapshot with something of everything.
func shop() *collect.Snapshot {
	worker := &collect.Process{PID: 4711, Start: noon.Add(-time.Hour), Python: "3.14.6", Build: "stripped tail-call",
		Command: `gunicorn "shop" --reload`}
	old := &collect.Process{PID: 812, Python: "3.8", Command: "python3 old.py"}
	code := func(id uint64, pid int, file, function string, line int) *collect.Code {
		return &collect.Code{ID: id, PID: pid, File: file, Function: function, Line: line}
	}
	return &collect.Snapshot{
		Time: noon, Since: noon.Add(-10 * time.Second), Seq: 11, Interval: 1000123456 * time.Nanosecond, Host: "web-1",
		Processes: []collect.ProcessRow{
			{ProcessReading: collect.ProcessReading{Process: worker, State: collect.Running, Status: collect.Exact,
				Counted: 9500 * time.Millisecond, TaxKnown: true}, Counting: true,
				CallsPerS: 48210.5, ResumesPerS: 1.0 / 3, TaxShare: 0.042},
			{ProcessReading: collect.ProcessReading{Process: old, State: collect.Stopped, Status: collect.Off,
				Reason: "counting would take 71 % of its time"}},
		},
		Functions: []collect.FunctionRow{
			{Code: code(1, 4711, "/srv/app/shop.py", "Order.total", 41), Calls: 1 << 60, CallsDelta: 12900, CallsPerS: 12898.4075,
				Status: collect.Exact},
			{Code: code(2, 812, "old.py", "<module>", 1), Calls: 1, Status: collect.Off},
			{Code: code(3, 4711, "<string>", "=cmd|' /C calc'!A1", 1), Calls: 3, CallsDelta: 3, CallsPerS: 3, HasResumes: true,
				Resumes: 9, Status: collect.Exact},
			{Code: code(4, 4711, "a,\"b\"\nc\x1b[2J\x7f\u009b.py", "<listcomp>\\x", 7), Calls: 2, Status: collect.Exact},
			{Code: code(5, 4711, "naïve/日本.py", "bad\xff\xfe\xed\xb3\xbfname", 2), Calls: 5, CallsDelta: 1,
				CallsPerS: math.NaN(), Status: collect.Exact},
		},
		Probes: []collect.Probe{
			{Name: "calls", Status: collect.ProbeOn, Method: "3 sites", Hits: 17, Lost: 1, Cost: 1500 * time.Nanosecond},
			{Name: "gil", Status: collect.ProbeMissing, Reason: "not in this version"},
		},
		Lost: []collect.Loss{{Cause: "map_full", Text: "…", Count: 4}, {Cause: "map_full", Count: 1}, {Cause: "names", Count: 2}},
	}
}

func golden(t *testing.T, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "-"))
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// written is what a writer makes of snapshots.
func written(t *testing.T, format Format, o Options, snapshots ...*collect.Snapshot) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, format, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range snapshots {
		if err := w.Write(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sectionOf is what is written of a section.
func sectionOf(t *testing.T, c *section, s *collect.Snapshot) string {
	t.Helper()
	var out strings.Builder
	e := newEncoder(&out)
	c.write(e, s, Options{}, "")
	if e.err != nil {
		t.Fatal(e.err)
	}
	return out.String()
}

func TestFormats(t *testing.T) {
	second := shop()
	second.Seq, second.Final, second.EndReason = 12, true, "the process ended"
	second.Functions = nil
	for _, format := range []Format{JSON, JSONL, CSV} {
		t.Run(string(format), func(t *testing.T) {
			golden(t, written(t, format, Options{Version: "1.2.3"}, second, shop()))
		})
	}
}

// TestRoundTrip reads what was written, as any other program would.
func TestRoundTrip(t *testing.T) {
	type function struct {
		PID         int
		File        string
		Function    string
		Line        int
		Calls       uint64
		CallsDelta  *uint64  `json:"calls_delta"`
		CallsPerS   *float64 `json:"calls_per_s"`
		Resumes     uint64
		CallsStatus string `json:"calls_status"`
	}
	var got struct {
		Schema    string
		Time      time.Time
		Interval  float64 `json:"interval_s"`
		Functions []function
		Threads   any
		Lost      map[string]uint64
	}
	data := written(t, JSON, Options{}, shop())
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != "pytop/1" || got.Threads != nil || got.Interval != 1.000123456 || !got.Time.Equal(noon.Truncate(time.Microsecond)) ||
		!cmp.Equal(got.Lost, map[string]uint64{"map_full": 5, "names": 2}) {
		t.Errorf("%+v", got)
	}
	one, delta, rate := uint64(1), uint64(12900), 12898.4075
	want := []function{
		{4711, "/srv/app/shop.py", "Order.total", 41, 1 << 60, &delta, &rate, 0, "exact"},
		{812, "old.py", "<module>", 1, 1, nil, nil, 0, "off"},
	}
	if diff := cmp.Diff(want, got.Functions[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := got.Functions[3]; f.File != "a,\"b\"\nc\x1b[2J\x7f\u009b.py" || f.Function != "<listcomp>\\x" {
		t.Errorf("%q %q", f.File, f.Function)
	}
	if f := got.Functions[4]; f.Function != "bad\uFFFDname" || *f.CallsDelta != one || f.CallsPerS != nil {
		t.Errorf("%+v", f)
	}
	if bytes.ContainsAny(data, "\x1b\x7f\u009b") {
		t.Errorf("control characters in %q", data)
	}
}

func TestCSVReadBack(t *testing.T) {
	records, err := csv.NewReader(bytes.NewReader(written(t, CSV, Options{}, shop()))).ReadAll()
	if err != nil || len(records) != 6 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	want := []string{"11", "2026-11-21T14:03:27.123456Z", "4711", `a,"b"\nc\x1b[2J\x7f\x9b.py`, `<listcomp>\x`, "7",
		"2", "0", "0", "0", "exact"}
	if diff := cmp.Diff(want, records[4]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if records[2][7] != "" || records[3][4] != "'=cmd|' /C calc'!A1" {
		t.Errorf("%q\n%q", records[2], records[3])
	}
}

func TestFirstInterval(t *testing.T) {
	s := shop()
	s.Interval = 0
	if got := *headOf(s, "").Interval; got != 10 {
		t.Errorf("interval of the first snapshot %v s, not the 10 since counting began", got)
	}
}

func TestTopAndOrder(t *testing.T) {
	byLine := func(a, b collect.FunctionRow) int { return b.Code.Line - a.Code.Line }
	tests := []struct {
		name string
		o    Options
		want string
	}{
		{"all", Options{}, "41 1 1 7 2"},
		{"ordered", Options{Order: byLine}, "41 7 2 1 1"},
		{"top by rate", Options{Top: 2}, "41 1"},
		{"top in order", Options{Top: 3, Order: byLine}, "41 7 2"},
		{"more than there are", Options{Top: 30, Order: byLine}, "41 7 2 1 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := shop()
			s.Functions[4].CallsPerS = 0
			var lines []string
			for f := range functionsOf(s, test.o) {
				lines = append(lines, strconv.Itoa(f.Code.Line))
			}
			if got := strings.Join(lines, " "); got != test.want {
				t.Errorf("lines %s, not %s", got, test.want)
			}
		})
	}
}

func TestParseFormat(t *testing.T) {
	tests := []struct {
		file string
		want Format
	}{
		{"run.json", JSON}, {"/a.b/run.JSONL", JSONL}, {"x.ndjson", JSONL}, {"calls.csv", CSV},
		{"json", ""}, {"run.txt", ""}, {"run.", ""}, {"", ""},
	}
	for _, test := range tests {
		got, err := FormatOf(test.file)
		var unknown *FormatError
		if got != test.want || (err == nil) != (test.want != "") || err != nil && !errors.As(err, &unknown) {
			t.Errorf("%q: %q, %v", test.file, got, err)
		}
	}
	if _, err := NewWriter(io.Discard, "xml", Options{}); err == nil {
		t.Error("no error for xml")
	}
}

// many is a snapshot with 65,536 functions.
func many() *collect.Snapshot {
	s := shop()
	row := s.Functions[0]
	s.Functions = make([]collect.FunctionRow, 1<<16)
	for i := range s.Functions {
		s.Functions[i] = row
	}
	return s
}

func BenchmarkJSON(b *testing.B) {
	s := many()
	b.ReportAllocs()
	for b.Loop() {
		if err := writeJSON(io.Discard, s, Options{}, "\n"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	s := many()
	b.ReportAllocs()
	for b.Loop() {
		if err := tables[0].write(io.Discard, s, Options{}, true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	s, dir := many(), b.TempDir()
	for b.Loop() {
		if _, err := Save(dir, "", s, []Format{JSON, CSV}, Options{}, nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		os.RemoveAll(dir)
		os.Mkdir(dir, 0o755)
		b.StartTimer()
	}
}

package main

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"pytop/collect/escape"
)

// TestHostileNames: whatever a process calls its functions and threads, no
// output holds anything that a terminal obeys or a spreadsheet runs.
func TestHostileNames(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := workload(t, systemPython, "hostile.py")
	for _, args := range [][]string{{"-o", "csv"}, {"-o", "jsonl"}, {"-o", "json"}, {"-o", "table"}, {"--batch"}, {"dump"}, {"dump", "-o", "json"}, {"doctor"}} {
		name := strings.Join(args, " ")
		args = append(args, "-p", w.pid())
		var got said
		if strings.HasPrefix(args[0], "-") {
			p := begin(t, nil, append(args, "-d", "300ms", "-n", "2", "--budget", "off")...)
			p.ready(t)
			w.obey(t, "now", "called 23")
			got = p.wait(t)
		} else {
			got = pytop(t, args...)
		}
		got.mustSay(t, exitDone)
		for _, r := range strings.ReplaceAll(got.out+got.err, "\n", "") {
			if escape.Hidden(r) {
				t.Errorf("%s: %U is raw in %.2000q", name, r, got.out)
				break
			}
		}
		switch name {
		case "-o csv":
			noFormulas(t, got.out)
		case "-o jsonl":
			if list := snapshots(t, got.out); len(list) != 2 || strings.Count(got.out, "\n") != 2 {
				t.Errorf("%d snapshots in %d lines", len(list), strings.Count(got.out, "\n"))
			}
		case "-o json":
			if s := snapshots(t, got.out)[0]; s.calls("\u202eevil") != 1 || s.calls("=cmd|' /C calc'!A0") != 1 {
				t.Errorf("the names are not as they were: %.2000s", got.out)
			}
		case "dump -o json":
			if !json.Valid([]byte(got.out)) {
				t.Errorf("%.2000q", got.out)
			}
		}
	}
}

// noFormulas looks at each cell, also as spreadsheets do that part cells at
// semicolons.
func noFormulas(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 1+23 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			for part := range strings.SplitSeq(cell, ";") {
				if strings.IndexAny(strings.TrimLeft(part, ` "`), "=+-@") == 0 {
					t.Errorf("a spreadsheet runs %.100q of %.100q", part, cell)
				}
			}
		}
	}
	if !strings.Contains(text, `'=cmd|' /C calc'!A0`) || !strings.Contains(text, `\u202eevil`) {
		t.Errorf("what was defused cannot be read:\n%.2000s", text)
	}
}

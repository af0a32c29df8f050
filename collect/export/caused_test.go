package export

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestCausedWait: what functions made others wait is written where it is known
// and left out where it is not.
func TestCausedWait(t *testing.T) {
	f := collect.FunctionRow{Code: &collect.Code{ID: 1, PID: 7, Function: "f"}}
	for known, want := range map[bool]string{true: `"caused_wait_s":1.5,"caused_wait_share":0`, false: ""} {
		f.CausedKnown, f.Caused = known, 1500*time.Millisecond
		text, err := json.Marshal(functionOf(&f, nil))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) || strings.Contains(string(text), "caused") != known {
			t.Errorf("%s", text)
		}
	}
}

// TestBlameShare: what a function caused in the interval is null while the
// GIL's fields are read, when it was not followed, and where it is off.
func TestBlameShare(t *testing.T) {
	row := collect.GILRow{GILReading: collect.GILReading{PID: 7, Status: collect.GILExact}, Counting: true,
		Blamed: []collect.BlameRow{{Place: collect.Place{Function: "f"}, Wait: time.Second, Share: 0.5}}}
	for want, change := range map[string]func(g *collect.GILRow){
		"exact":            func(*collect.GILRow) {},
		"null: sampled":    func(g *collect.GILRow) { g.Status = collect.GILSampled },
		"null: estimated":  func(g *collect.GILRow) { g.Estimated = true },
		"null: off":        func(g *collect.GILRow) { g.Status = collect.GILOff },
		"null: not at all": func(g *collect.GILRow) { g.Counting = false },
	} {
		g := row
		change(&g)
		text := sectionOf(t, &gilSection, &collect.Snapshot{GILs: []collect.GILRow{g}})
		share := `"caused_wait_share":0.5`
		if strings.HasPrefix(want, "null") {
			share = `"caused_wait_share":null`
		}
		if !strings.Contains(text, `"caused_wait_s":1,`+share) {
			t.Errorf("%s: %s", want, text)
		}
	}
}

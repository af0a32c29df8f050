package export

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestLongJSON: long holds and waits are written with what is known of them,
// null for what is not, and an empty list for none.
func TestLongJSON(t *testing.T) {
	at := time.Date(2026, 11, 21, 14, 0, 12, 0, time.UTC)
	stack := []collect.Place{{File: "a.py", Function: "hog", First: 3, Line: 5}}
	s := &collect.Snapshot{GILs: []collect.GILRow{{GILReading: collect.GILReading{
		PID: 7, Status: collect.GILExact,
		LongHolds: []collect.LongHold{{TID: 8, Began: at, Lasted: 1500 * time.Millisecond, Stack: stack}},
		LongWaits: []collect.LongWait{
			{TID: 9, Began: at, Lasted: 1400 * time.Millisecond, Stack: stack, Holder: 8, HolderStack: stack},
			{TID: 10, Began: at, Lasted: 100 * time.Millisecond},
		},
	}, PairRows: []collect.GILPairRow{{GILPair: collect.GILPair{FromTID: 8, ToTID: 9, Count: 2, Wait: time.Second}}}}, {}}}
	text := sectionOf(t, &gilSection, s)
	frames := `[{"file":"a.py","function":"hog","line":5}]`
	began := `"began":` + string(mustJSON(t, timestamp(at)))
	for _, want := range []string{
		`"long_holds":[{"tid":8,` + began + `,"at_least_s":1.5,"stack":` + frames + `,"native":[],`,
		`"long_waits":[{"tid":9,` + began + `,"at_least_s":1.4,"stack":` + frames + `,"holder_tid":8,"holder_stack":` + frames + `},`,
		`{"tid":10,` + began + `,"at_least_s":0.1,"stack":[],"holder_tid":null,"holder_stack":[]}]`,
		`"long_holds":[],"long_waits":[]`,
		`{"from_tid":8,"to_tid":9,"count":2,"wait_s":1}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCausedPart: what a function caused in all is left out where it is of a
// part of the time; its share of the interval is not.
func TestCausedPart(t *testing.T) {
	f := collect.FunctionRow{Code: &collect.Code{ID: 1, PID: 7, Function: "f"}, Caused: time.Second, CausedShare: 0.5, CausedKnown: true, CausedPart: true}
	if text := string(mustJSON(t, functionOf(&f, nil))); strings.Contains(text, `"caused_wait_s":`) || !strings.Contains(text, `"caused_wait_share":0.5`) {
		t.Error(text)
	}
}

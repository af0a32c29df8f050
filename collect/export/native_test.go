package export

import (
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestLongHolds: long holds with what is known, and null for what is not.
func TestLongHolds(t *testing.T) {
	s := &collect.Snapshot{GILs: []collect.GILRow{{GILReading: collect.GILReading{LongHolds: []collect.LongHold{
		{
			TID: 8, Began: time.Unix(1, 0), Lasted: 250 * time.Millisecond, Stack: []collect.Place{{File: "a.py", Function: "f", Line: 3}},
			Native: collect.Native{
				Ran:  collect.NativeLooks{Stack: []collect.NativeFrame{{Module: "python3.11", Symbol: "sre\xff", Offset: 16}, {Module: "python3.11", Offset: 20, Start: 18}}, Hits: 4, Looks: 7, Cut: true},
				Lost: 2,
			},
		},
		{Began: time.Unix(2, 0), Lasted: time.Second, Native: collect.Native{Slept: collect.NativeLooks{Stack: []collect.NativeFrame{{Offset: 5}}, Hits: 1, Looks: 1}, Reason: "not permitted"}},
	}}}}}
	got := sectionOf(t, &gilSection, s)
	want := `"long_holds":[{"tid":8,"began":"1970-01-01T00:00:01.000000Z","at_least_s":0.25,"stack":[{"file":"a.py","function":"f","line":3}],` +
		`"native":[{"module":"python3.11","symbol":"sre` + "\uFFFD" + `","offset":16,"function":null},{"module":"python3.11","symbol":null,"offset":20,"function":18}],` +
		`"native_hits":4,"native_samples":7,"native_cut":true,"native_lost":2,"native_reason":null,"asleep":[],"asleep_hits":0,"asleep_samples":0,"asleep_cut":false},` +
		`{"tid":null,"began":"1970-01-01T00:00:02.000000Z","at_least_s":1,"stack":[],"native":[],"native_hits":0,"native_samples":0,"native_cut":false,"native_lost":0,` +
		`"native_reason":"not permitted","asleep":[{"module":null,"symbol":null,"offset":5,"function":null}],"asleep_hits":1,"asleep_samples":1,"asleep_cut":false}]`
	if !strings.Contains(got, want+`,"long_waits"`) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

package export

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pytop/collect"
)

// TestWithoutGIL: a process without a GIL has pauses and waits; what is said of
// holds is null, not 0, and threads of other processes have no word on pauses.
func TestWithoutGIL(t *testing.T) {
	at := time.Unix(1000, 0)
	reading := func(n uint64) *collect.Reading {
		d := time.Duration(n) * time.Second
		return &collect.Reading{
			Time: at.Add(d), Since: at, GILs: []collect.GILReading{},
			Threads: []collect.ThreadReading{
				{ID: 1, PID: 7, TID: 8, Name: "a", Measured: true, NoGIL: true, Waits: 4 * n, Wait: d / 4, WaitMax: time.Second / 5, WaitHist: []uint64{n}, Pauses: n, Pause: d / 8, PauseMax: time.Second / 8, Parks: n},
				{ID: 2, PID: 9, TID: 9, Name: "b", Measured: true, Holds: n},
			},
			Worlds: []collect.WorldReading{{
				ID: 3, PID: 7, Status: collect.GILExact, Measured: d, Pauses: n, Pause: d / 8, PauseMax: time.Second / 8,
				Stoppers: []collect.Stopper{{TID: 0, Pauses: n, Pause: d / 8}},
			}},
		}
	}
	var out bytes.Buffer
	if err := writeJSON(&out, collect.Diff(reading(1), reading(3), 2), Options{}, ""); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Threads []map[string]any `json:"threads"`
		Free    []map[string]any `json:"free_threading"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Threads) != 2 || len(got.Free) != 1 {
		t.Fatalf("%s", out.Bytes())
	}
	for name, want := range map[string]any{
		"holds": nil, "hold_s": nil, "hold_max_s": nil, "hold_share": nil, "holding_s": nil, "hold_hist": nil, "forced": nil, "caused_wait_s": nil,
		"waits": 12.0, "wait_s": 0.75, "wait_max_s": 0.2, "wait_share": 0.25, "waiting_s": 0.0, "pauses": 3.0, "pause_s": 0.375, "pause_max_s": 0.125, "pause_share": 0.125, "parks": 3.0,
	} {
		if v, ok := got.Threads[0][name]; !ok || v != want {
			t.Errorf("%s of a thread without a GIL is %v, want %v", name, v, want)
		}
	}
	if _, ok := got.Threads[1]["pauses"]; ok {
		t.Error("a thread with a GIL has pauses")
	}
	for name, want := range map[string]any{
		"pid": 7.0, "status": "exact", "pauses": 3.0, "pauses_per_s": 1.0, "pause_s": 0.375, "pause_share": 0.125, "pause_max_s": 0.125, "pausing_s": nil, "waits_per_s": 4.0, "wait_share": 0.25,
	} {
		if v, ok := got.Free[0][name]; !ok || v != want {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
	if by := got.Free[0]["stopped_by"].([]any)[0].(map[string]any); by["tid"] != nil || by["pauses"] != 3.0 {
		t.Errorf("%v", by)
	}
}

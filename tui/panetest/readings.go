// Package panetest has what the tests of panes share: readings that are made up,
// and a frame that does as little as a pane needs.
package panetest

import (
	"fmt"
	"time"

	"pytop/collect"
)

// Start is when made-up sources begin.
var Start = time.Date(2026, 11, 21, 14, 0, 12, 0, time.UTC)

// GILReading is a process with a GIL, after so many seconds.
func GILReading(n uint64) *collect.Reading {
	at := time.Unix(1000, 0)
	hog := collect.Place{File: "/srv/app/shop/pricing.py", Function: "Basket.discount", First: 38, Line: 41}
	d := time.Duration(n) * time.Second
	return &collect.Reading{
		Time: at.Add(d), Since: at,
		Processes: []collect.ProcessReading{{Process: &collect.Process{PID: 7, Python: "3.14.6", Command: "python3 shop.py"}, State: collect.Running, Status: collect.Exact, Counted: d}},
		Codes: []collect.CodeCount{
			{Code: &collect.Code{ID: 1, PID: 7, File: hog.File, Function: hog.Function, Line: hog.First}, Calls: 10 * n},
			{Code: &collect.Code{ID: 2, PID: 7, File: hog.File, Function: "Basket.add", Line: 12}, Calls: 900 * n},
		},
		Threads: []collect.ThreadReading{
			{ID: 1, PID: 7, TID: 7, Name: "python3", State: "sleeping", Measured: true, CPUKnown: true},
			{ID: 2, PID: 7, TID: 8, Name: "worker-1", State: "running", Place: hog, Measured: true, CPUKnown: true, Holds: 100 * n, Hold: d * 6 / 10, HoldMax: 212 * time.Millisecond,
				Holding: 12 * time.Millisecond, HoldHist: []uint64{0, 0, 5, 9, 1}, WaitHist: make([]uint64, 40), Caused: d},
			{ID: 3, PID: 7, TID: 9, Name: "worker-2", State: "sleeping", Measured: true, CPUKnown: true, Holds: 90 * n, Hold: d / 10, Waits: 80 * n, Wait: d * 8 / 10,
				WaitMax: 209 * time.Millisecond, Waiting: time.Millisecond},
		},
		GILs: []collect.GILReading{{
			ID: 4, PID: 7, Status: collect.GILExact, Measured: d, Holder: 8, HeldFor: 12 * time.Millisecond, Takes: 190 * n, Switches: 160 * n, Forced: 20 * n, Held: d * 7 / 10, Wait: d * 8 / 10,
			Pairs: []collect.GILPair{{From: 2, To: 3, FromTID: 8, ToTID: 9, Count: 80 * n, Wait: d * 8 / 10}, {From: 3, To: 2, FromTID: 9, ToTID: 8, Count: 80 * n}},
			Blame: []collect.Blame{{Thread: 2, TID: 8, Stack: []collect.Place{hog, {File: "/srv/app/shop/cart.py", Function: "Cart.total", First: 1, Line: 9}}, Wait: d * 8 / 10, Steps: n}},
		}},
		Probes: []collect.Probe{{Name: "calls", Status: collect.ProbeOn}, {Name: "gil", Status: collect.ProbeOn}},
	}
}

// ShopReading is a made-up shop of so many workers after so many seconds: the
// first holds the GIL for long, and makes the others wait.
func ShopReading(workers int, n uint64) *collect.Reading {
	at, d := Start, time.Duration(n)*time.Second
	hog := collect.Place{File: "/srv/app/shop/pricing.py", Function: "Basket.discount", First: 38, Line: 41}
	stack := []collect.Place{hog, {File: "/srv/app/shop/cart.py", Function: "Cart.total", First: 1, Line: 9}, {File: "/usr/lib/python3.14/threading.py", Function: "Thread.run", First: 970, Line: 992}}
	r := &collect.Reading{
		Time: at.Add(d), Since: at, Host: "web-1",
		Processes: []collect.ProcessReading{{Process: &collect.Process{PID: 70, Python: "3.14.6", Command: "python3 shop.py"}, State: collect.Running, Status: collect.Exact, Counted: d, Calls: 910 * n}},
		Codes: []collect.CodeCount{
			{Code: &collect.Code{ID: 1, PID: 70, File: hog.File, Function: hog.Function, Line: hog.First}, Calls: 10 * n},
			{Code: &collect.Code{ID: 2, PID: 70, File: hog.File, Function: "Basket.add", Line: 12}, Calls: 900 * n},
		},
		Probes: []collect.Probe{{Name: "calls", Status: collect.ProbeOn}, {Name: "gil", Status: collect.ProbeOn}},
	}
	hist := make([]uint64, 40)
	hist[12], hist[20], hist[22], hist[27] = 40*n, 9*n, 30*n, 2*n
	g := collect.GILReading{
		ID: 99, PID: 70, Status: collect.GILExact, Measured: d, Holder: 71, HeldFor: 12 * time.Millisecond, Takes: 190 * n, Forced: 20 * n, Held: d * 9 / 10,
		Blame: []collect.Blame{
			{Thread: 1, TID: 71, Stack: stack, Wait: d * 8 / 10, Steps: n},
			{Thread: 2, TID: 72, Stack: stack[1:], Wait: d / 100, Steps: n},
		},
		LongHolds: []collect.LongHold{{TID: 71, Began: at.Add(time.Second), Lasted: 212 * time.Millisecond, Stack: stack}},
		LongWaits: []collect.LongWait{{TID: 72, Began: at.Add(time.Second), Lasted: 190 * time.Millisecond, Stack: stack[2:], Holder: 71, HolderStack: stack}},
	}
	for i := range workers {
		one := collect.ThreadReading{
			ID: uint64(i + 1), PID: 70, TID: 71 + i, Name: fmt.Sprintf("worker-%d", i+1), State: "sleeping", Place: stack[1], Measured: true, CPUKnown: true, CPU: d / 50, RunQueue: d / 100,
			Holds: 30 * n, Hold: d / 20, HoldMax: 3 * time.Millisecond, HoldHist: hist, Waits: 20 * n, Wait: d / 2, WaitMax: 209 * time.Millisecond, WaitHist: hist,
		}
		if i == 0 {
			one.State, one.Place, one.Hold, one.HoldMax, one.Holding, one.Caused = "running", hog, d*6/10, 212*time.Millisecond, 12*time.Millisecond, d*8/10
			one.Waits, one.Wait, one.WaitMax, one.WaitHist = 0, 0, 0, make([]uint64, 40)
		} else {
			count := uint64(workers-i) * 9 * n
			g.Pairs = append(g.Pairs,
				collect.GILPair{From: 1, To: one.ID, FromTID: 71, ToTID: one.TID, Count: count, Wait: d / 4},
				collect.GILPair{From: one.ID, To: 1, FromTID: one.TID, ToTID: 71, Count: count / 2})
			if i > 1 {
				g.Pairs = append(g.Pairs, collect.GILPair{From: one.ID, To: one.ID - 1, FromTID: one.TID, ToTID: one.TID - 1, Count: count / 9})
			}
		}
		r.Threads = append(r.Threads, one)
	}
	r.Threads = append(r.Threads, collect.ThreadReading{ID: 90, PID: 70, TID: 70, Name: "python3", State: "sleeping", Measured: true, CPUKnown: true})
	for _, p := range g.Pairs {
		g.Switches += p.Count
	}
	r.GILs = []collect.GILReading{g}
	return r
}

package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
)

func gilSnapshot() *collect.Snapshot {
	return collect.Diff(gilReading(1), gilReading(2), 2)
}

// gilReading is what there is after so many seconds.
func gilReading(n uint64) *collect.Reading {
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

// TestGILPane: what the pane must say, at each width, and no line too wide.
func TestGILPane(t *testing.T) {
	for _, size := range [][2]int{{60, 14}, {60, 15}, {80, 19}, {80, 24}, {120, 30}, {160, 50}} {
		for _, ascii := range []bool{false, true} {
			m := New(Options{ASCII: ascii})
			m.width, m.height = size[0], size[1]
			m.show(gilSnapshot())
			text := ansi.Strip(strings.Join(m.frame(), "\n"))
			for _, line := range m.frame() {
				if ansi.StringWidth(line) > size[0] {
					t.Errorf("%v: %d cells: %q", size, ansi.StringWidth(line), line)
				}
			}
			want := []string{"70 % held"}
			if size[1] >= 15 {
				want = append(want, "worker-1", "blame: Basket.discount")
			}
			if size[1] >= 20 {
				want = append(want, "worker-2", "60 %", "80 %", "212 ms", "discount")
			}
			if size[0] >= 110 {
				want = append(want, "SWITCHES/s from row to column", "1 worker-1   —  80", "2 worker-2  80   —", "worker-1 has it for 12 ms", "20 forced/s", "pricing.py:41")
			}
			for _, w := range want {
				if ascii {
					w = strings.ReplaceAll(w, "—", "-")
				}
				if !strings.Contains(text, w) {
					t.Errorf("%v: no %q in\n%s", size, w, text)
				}
			}
			m.pane, m.thread = paneGIL, 2
			details := ansi.Strip(strings.Join(m.frame(), "\n"))
			if !strings.Contains(details, "THREAD") || size[1] >= 20 && !strings.Contains(details, "Cart.total") {
				t.Errorf("%v:\n%s", size, details)
			}
		}
	}
}

// TestGILBack: Esc closes what the GIL pane has open, whatever pane is active.
func TestGILBack(t *testing.T) {
	for _, open := range []string{"b", "enter"} {
		m := New(Options{})
		m.width, m.height = 140, 40
		m.show(gilSnapshot())
		press := func(keys ...string) {
			for _, k := range keys {
				m.Update(keyPress(k))
			}
		}
		if open == "enter" {
			press("tab")
		}
		press(open, "tab")
		if m.pane == paneGIL || m.blame.open == (m.thread != 0) {
			t.Errorf("%s: pane %v, blame %t, thread %d", open, m.pane, m.blame.open, m.thread)
		}
		if press("esc"); m.blame.open || m.thread != 0 {
			t.Errorf("%s: Esc leaves it open", open)
		}
	}
}

// TestGILSampled: estimates are marked, and what is not known is not 0.
func TestGILSampled(t *testing.T) {
	m := New(Options{})
	m.width, m.height = 140, 32
	s := gilSnapshot()
	s.GILs[0].Status, s.GILs[0].Estimated = collect.GILSampled, true
	m.show(s)
	text := ansi.Strip(strings.Join(m.frame(), "\n"))
	for _, w := range []string{"~70 % held", "estimates", "blame: not measured"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if strings.Contains(text, "forced/s") {
		t.Error("forced drops are not known")
	}
}

// stacked is a source that reads stacks.
type stacked struct {
	*fake
	asked []int
	one   collect.DumpThread
}

func (s *stacked) Stack(_, tid int) (*collect.DumpThread, error) {
	s.asked = append(s.asked, tid)
	return &s.one, nil
}

// TestThreadStack: Enter on a thread reads its stack, in a command, and shows
// it; what was read for another thread is not shown.
func TestThreadStack(t *testing.T) {
	source := &stacked{one: collect.DumpThread{TID: 8, Stack: []collect.Place{
		{File: "/srv/app/shop/pricing.py", Function: "Basket.discount", Line: 44}, {File: "/srv/app/shop/main.py", Function: "serve", Line: 3},
	}}}
	m := New(Options{Source: source})
	m.width, m.height, m.pane = 120, 40, paneGIL
	m.show(gilSnapshot())
	cmd := m.press(tea.KeyPressMsg{Code: tea.KeyEnter})
	if m.thread != 2 || cmd == nil || len(source.asked) != 0 {
		t.Fatalf("thread %d, asked %v before the command ran", m.thread, source.asked)
	}
	m.Update(cmd())
	text := ansi.Strip(strings.Join(m.frame(), "\n"))
	for _, w := range []string{"runs    Basket.discount", "pricing.py:44", "serve", "main.py:3", "made wait        worker-2 80 %, 1.6 s in all"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if m.readStack() == nil || m.readStack() != nil {
		t.Error("one at a time, again with each reading")
	}
	m.thread = 3
	if _, again := m.Update(stackMsg{source: source, id: 2, one: &source.one}); again == nil {
		t.Error("the stack of the thread opened meanwhile is to be read")
	}
	if text := ansi.Strip(strings.Join(m.frame(), "\n")); strings.Contains(text, "main.py:3") {
		t.Errorf("another thread's stack:\n%s", text)
	}
	m.stack = threadStack{id: 2, one: &source.one}
	m.thread, m.paused = 2, true
	if m.readStack() != nil {
		t.Error("a pause keeps the stack")
	}
}

func gilScreen(width, height int) *Model {
	m := New(Options{})
	m.width, m.height, m.pane = width, height, paneGIL
	m.show(gilSnapshot())
	return m
}

func screenText(m *Model) string { return ansi.Strip(strings.Join(m.frame(), "\n")) }

// TestThreadFilter: / filters what pane is active, by name and by what runs.
func TestThreadFilter(t *testing.T) {
	m := gilScreen(120, 40)
	m.press(tea.KeyPressMsg{Code: '/', Text: "/"})
	for _, r := range "disc" {
		m.press(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	if m.threads.Len() != 1 || m.filter != "" || !strings.Contains(screenText(m), "1 of 3 threads") {
		t.Errorf("%d threads, filter of functions %q:\n%s", m.threads.Len(), m.filter, screenText(m))
	}
	m.press(tea.KeyPressMsg{Code: tea.KeyEnter})
	if text := screenText(m); !strings.Contains(text, "filter: disc") || !strings.Contains(text, "worker-2") { // among the switches
		t.Error(text)
	}
	m.filterThreads("nothing")
	if text := screenText(m); !strings.Contains(text, "no thread matches") {
		t.Error(text)
	}
	m.press(tea.KeyPressMsg{Code: tea.KeyEscape})
	if m.threads.Len() != 3 {
		t.Errorf("%d threads", m.threads.Len())
	}
	m.filterThreads("!WORKER")
	if m.threads.Len() != 1 {
		t.Errorf("%d threads", m.threads.Len())
	}
}

// TestThreadMouse: a click on a title sorts, on a row moves the cursor there,
// again opens it.
func TestThreadMouse(t *testing.T) {
	m := gilScreen(120, 40)
	m.pane = paneFunctions
	var top int
	for _, a := range m.layout().areas {
		if a.pane == paneGIL {
			top = a.y
		}
	}
	lines := strings.Split(screenText(m), "\n")
	click := func(x, y int) {
		m.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	}
	at := ansi.StringWidth(lines[top+1][:strings.Index(lines[top+1], "waited")])
	click(at+1, top+1)
	if by, falling := m.threads.SortedBy(); by != "wait_share" || !falling || m.pane != paneGIL {
		t.Errorf("sorted by %s %v, pane %v", by, falling, m.pane)
	}
	click(at+1, top+1)
	if _, falling := m.threads.SortedBy(); falling {
		t.Error("again turns round")
	}
	click(10, top+3)
	if i, ok := m.threads.Cursor(); !ok || i != 1 || m.thread != 0 {
		t.Errorf("cursor %d %v, thread %d", i, ok, m.thread)
	}
	id := m.threads.Row(1).ID
	click(10, top+3)
	if m.thread != id {
		t.Errorf("thread %d, not %d", m.thread, id)
	}
	m.thread = 0
	m.Update(tea.MouseWheelMsg{X: 10, Y: top + 3, Button: tea.MouseWheelDown}) // all are in view
}

// TestGILReset: R counts threads, GILs, pairs and blame from then on, and
// leaves the readings as they were.
func TestGILReset(t *testing.T) {
	base, cur := gilReading(1), gilReading(3)
	s := snapshot(gilReading(2), cur, base, 3)
	one, g := s.Threads[1], s.GILs[0]
	if one.Holds != 200 || one.Hold != 1200*time.Millisecond || one.Caused != 2*time.Second || one.HoldHist[3] != 0 || one.HoldMax != 212*time.Millisecond {
		t.Errorf("%+v", one)
	}
	if g.Takes != 380 || g.Switches != 320 || g.Measured != 2*time.Second || g.PairRows[0].Count != 160 || g.PairRows[0].Delta != 80 || g.Blamed[0].Wait != 1600*time.Millisecond {
		t.Errorf("%+v", g)
	}
	if f := s.Functions[0]; f.Caused != 1600*time.Millisecond || f.Calls != 20 {
		t.Errorf("%+v", f)
	}
	if cur.Threads[1].HoldHist[3] != 9 || cur.GILs[0].Pairs[0].Count != 240 {
		t.Error("the reading was changed")
	}
}

// TestCausedWait: functions say how long they made others wait, where that is
// known and there is room; it sorts.
func TestCausedWait(t *testing.T) {
	m := gilScreen(120, 40)
	m.pane = paneFunctions
	if text := screenText(m); !strings.Contains(text, "caused wait") {
		t.Error(text)
	}
	m.choose(causedField)
	f, other := m.functions.Row(0), m.functions.Row(1)
	if f.Code.ID != 1 || !f.CausedKnown || f.CausedShare < 0.79 || f.CausedShare > 0.81 || f.Caused != 1600*time.Millisecond || other.CausedShare != 0 || !other.CausedKnown {
		t.Errorf("%+v, %+v", f.FunctionRow, other.FunctionRow)
	}
	if causedCell(m.signs, f) != "80 %" || causedCell(m.signs, other) != "0 %" {
		t.Errorf("%s, %s", causedCell(m.signs, f), causedCell(m.signs, other))
	}
	s := gilSnapshot()
	s.GILs[0].Status, s.GILs[0].Estimated = collect.GILSampled, true
	for i := range s.Functions {
		s.Functions[i].CausedKnown = false
	}
	m = New(Options{})
	m.width, m.height = 120, 40
	m.show(s)
	if text := screenText(m); strings.Contains(text, "caused wait") || causedCell(m.signs, m.functions.Row(0)) != "?" {
		t.Error(text)
	}
	m = gilScreen(119, 40)
	if text := screenText(m); strings.Contains(text, "caused wait") {
		t.Error(text)
	}
}

// TestLongEvents: a thread's own long holds and waits, the newest first, and
// those of all where the pane is alone, and in the printed table.
func TestLongEvents(t *testing.T) {
	m := gilScreen(140, 44)
	g, at := &m.shown.GILs[0], m.shown.Since
	g.LongHolds = []collect.LongHold{
		{TID: 8, Began: at, Lasted: 150 * time.Millisecond, Stack: g.Blame[0].Stack},
		{TID: 9, Began: at, Lasted: 160 * time.Millisecond},
		{TID: 8, Began: at.Add(3 * time.Second), Lasted: 250 * time.Millisecond},
	}
	g.LongWaits = []collect.LongWait{
		{TID: 8, Began: at.Add(2 * time.Second), Lasted: 180 * time.Millisecond, Holder: 9, HolderStack: g.Blame[0].Stack[1:]},
		{TID: 9, Began: at.Add(time.Second), Lasted: 140 * time.Millisecond},
	}
	inOrder := func(text string, parts ...string) {
		t.Helper()
		rest := text
		for _, p := range parts {
			i := strings.Index(rest, p)
			if i < 0 {
				t.Errorf("no %q, in this order, in\n%s", p, text)
				return
			}
			rest = rest[i:]
		}
	}
	hold, wait := "held it for 250 ms at least", "waited 180 ms at least, 9 worker-2 had it  Cart.total"
	m.thread = 2
	text := screenText(m)
	inOrder(text, "long", hold, wait, "held it for 150 ms at least  Basket.discount")
	if strings.Contains(text, "160 ms") || strings.Contains(text, "140 ms") {
		t.Error(text)
	}
	m.thread = 0
	m.press(tea.KeyPressMsg{Code: 'z', Text: "z"})
	inOrder(screenText(m), "LONG", "8 worker-1 "+hold, "8 worker-1 "+wait, "9 worker-2 waited 140 ms at least", "9 worker-2 held it for 160 ms")
	var b strings.Builder
	if err := Table(&b, m.shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	inOrder(b.String(), "long holds and waits", "8  ", hold, wait, "from_tid")
}

// TestNameless: a function may be called nothing, or blanks; its cell is not empty.
func TestNameless(t *testing.T) {
	m := New(Options{})
	m.width, m.height = 100, 30
	prev, cur := gilReading(1), gilReading(2)
	for _, r := range []*collect.Reading{prev, cur} {
		r.Codes[0].Code.Function, r.Codes[1].Code.Function = "", " "
	}
	m.show(collect.Diff(prev, cur, 2))
	text := ansi.Strip(strings.Join(m.frame(), "\n"))
	for _, want := range []string{m.signs.Quote(""), m.signs.Quote(" ")} {
		if !strings.Contains(text, " "+want+" ") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

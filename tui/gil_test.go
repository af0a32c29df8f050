package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
	"pytop/tui/pane"
)

func gilSnapshot() *collect.Snapshot {
	return collect.Diff(gilReading(1), gilReading(2), 2)
}

// TestGILPane: what the pane must say, at each width, and no line too wide.
func TestGILPane(t *testing.T) {
	for _, size := range [][2]int{{60, 14}, {60, 15}, {80, 19}, {80, 24}, {120, 30}, {160, 50}} {
		for _, ascii := range []bool{false, true} {
			m := New(Options{ASCII: ascii})
			m.Width, m.Height = size[0], size[1]
			m.show(gilSnapshot())
			text := ansi.Strip(strings.Join(m.lines(), "\n"))
			for _, line := range m.lines() {
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
			m.Activate(gils(m))
			gils(m).Details.ID = 2
			details := ansi.Strip(strings.Join(m.lines(), "\n"))
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
		m.Width, m.Height = 140, 40
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
		if m.Active == pane.Pane(gils(m)) || gils(m).Blame.Open == (gils(m).Details.ID != 0) {
			t.Errorf("%s: pane %v, blame %t, thread %d", open, m.Active, gils(m).Blame.Open, gils(m).Details.ID)
		}
		if press("esc"); gils(m).Blame.Open || gils(m).Details.ID != 0 {
			t.Errorf("%s: Esc leaves it open", open)
		}
	}
}

// TestGILSampled: estimates are marked, and what is not known is not 0.
func TestGILSampled(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 140, 32
	s := gilSnapshot()
	s.GILs[0].Status, s.GILs[0].Estimated = collect.GILSampled, true
	m.show(s)
	text := ansi.Strip(strings.Join(m.lines(), "\n"))
	for _, w := range []string{"~70 % held", "estimates", "blame: not measured"} {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if strings.Contains(text, "forced/s") {
		t.Error("forced drops are not known")
	}
}

func gilScreen(width, height int) *Model {
	m := New(Options{})
	m.Width, m.Height = width, height
	m.Activate(gils(m))
	m.show(gilSnapshot())
	return m
}

func screenText(m *Model) string { return ansi.Strip(strings.Join(m.lines(), "\n")) }

// TestThreadFilter: / filters what pane is active, by name and by what runs.
func TestThreadFilter(t *testing.T) {
	m := gilScreen(120, 40)
	m.press(tea.KeyPressMsg{Code: '/', Text: "/"})
	for _, r := range "disc" {
		m.press(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	if gils(m).Threads.Len() != 1 || calls(m).FilterText() != "" || !strings.Contains(screenText(m), "1 of 3 threads") {
		t.Errorf("%d threads, filter of functions %q:\n%s", gils(m).Threads.Len(), calls(m).FilterText(), screenText(m))
	}
	m.press(tea.KeyPressMsg{Code: tea.KeyEnter})
	if text := screenText(m); !strings.Contains(text, "filter: disc") || !strings.Contains(text, "worker-2") { // among the switches
		t.Error(text)
	}
	gils(m).SetFilter("nothing")
	if text := screenText(m); !strings.Contains(text, "no thread matches") {
		t.Error(text)
	}
	m.press(tea.KeyPressMsg{Code: tea.KeyEscape})
	if gils(m).Threads.Len() != 3 {
		t.Errorf("%d threads", gils(m).Threads.Len())
	}
	gils(m).SetFilter("!WORKER")
	if gils(m).Threads.Len() != 1 {
		t.Errorf("%d threads", gils(m).Threads.Len())
	}
}

// TestThreadMouse: a click on a title sorts, on a row moves the cursor there,
// again opens it.
func TestThreadMouse(t *testing.T) {
	m := gilScreen(120, 40)
	m.Activate(calls(m))
	var top int
	for _, a := range m.layout().areas {
		if a.pane == pane.Pane(gils(m)) {
			top = a.y
		}
	}
	lines := strings.Split(screenText(m), "\n")
	click := func(x, y int) {
		m.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	}
	at := ansi.StringWidth(lines[top+1][:strings.Index(lines[top+1], "waited")])
	click(at+1, top+1)
	if by, falling := gils(m).Threads.SortedBy(); by != "wait_share" || !falling || m.Active != pane.Pane(gils(m)) {
		t.Errorf("sorted by %s %v, pane %v", by, falling, m.Active)
	}
	click(at+1, top+1)
	if _, falling := gils(m).Threads.SortedBy(); falling {
		t.Error("again turns round")
	}
	click(10, top+3)
	if i, ok := gils(m).Threads.Cursor(); !ok || i != 1 || gils(m).Details.ID != 0 {
		t.Errorf("cursor %d %v, thread %d", i, ok, gils(m).Details.ID)
	}
	id := gils(m).Threads.Row(1).ID
	click(10, top+3)
	if gils(m).Details.ID != id {
		t.Errorf("thread %d, not %d", gils(m).Details.ID, id)
	}
	gils(m).Details.ID = 0
	m.Update(tea.MouseWheelMsg{X: 10, Y: top + 3, Button: tea.MouseWheelDown}) // all are in view
}

// TestGILReset: R counts threads, GILs, pairs and blame from then on, and
// leaves the readings as they were.
func TestGILReset(t *testing.T) {
	base, cur := gilReading(1), gilReading(3)
	s := snapshot(New(Options{}).panes, gilReading(2), cur, base, 3)
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
	m.Activate(calls(m))
	if text := screenText(m); !strings.Contains(text, "caused wait") {
		t.Error(text)
	}
	calls(m).Rows.Choose("caused_wait_share")
	f, other := calls(m).Rows.Row(0), calls(m).Rows.Row(1)
	if f.Code.ID != 1 || !f.CausedKnown || f.CausedShare < 0.79 || f.CausedShare > 0.81 || f.Caused != 1600*time.Millisecond || other.CausedShare != 0 || !other.CausedKnown {
		t.Errorf("%+v, %+v", f.FunctionRow, other.FunctionRow)
	}
	if cell(calls(m).Rows.Table, "caused_wait_share", f) != "80 %" || cell(calls(m).Rows.Table, "caused_wait_share", other) != "0 %" {
		t.Errorf("%s, %s", cell(calls(m).Rows.Table, "caused_wait_share", f), cell(calls(m).Rows.Table, "caused_wait_share", other))
	}
	s := gilSnapshot()
	s.GILs[0].Status, s.GILs[0].Estimated = collect.GILSampled, true
	for i := range s.Functions {
		s.Functions[i].CausedKnown = false
	}
	m = New(Options{})
	m.Width, m.Height = 120, 40
	m.show(s)
	if text := screenText(m); strings.Contains(text, "caused wait") || cell(calls(m).Rows.Table, "caused_wait_share", calls(m).Rows.Row(0)) != "?" {
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
	g, at := &m.Shown.GILs[0], m.Shown.Since
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
	gils(m).Details.ID = 2
	text := screenText(m)
	inOrder(text, "long", hold, wait, "held it for 150 ms at least  Basket.discount")
	if strings.Contains(text, "160 ms") || strings.Contains(text, "140 ms") {
		t.Error(text)
	}
	gils(m).Details.ID = 0
	m.press(tea.KeyPressMsg{Code: 'z', Text: "z"})
	inOrder(screenText(m), "LONG", "8 worker-1 "+hold, "8 worker-1 "+wait, "9 worker-2 waited 140 ms at least", "9 worker-2 held it for 160 ms")
	var b strings.Builder
	if err := Table(&b, m.Shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	inOrder(b.String(), "long holds and waits", "8  ", hold, wait, "from_tid")
}

// TestNameless: a function may be called nothing, or blanks; its cell is not empty.
func TestNameless(t *testing.T) {
	m := New(Options{})
	m.Width, m.Height = 100, 30
	prev, cur := gilReading(1), gilReading(2)
	for _, r := range []*collect.Reading{prev, cur} {
		r.Codes[0].Code.Function, r.Codes[1].Code.Function = "", " "
	}
	m.show(collect.Diff(prev, cur, 2))
	text := ansi.Strip(strings.Join(m.lines(), "\n"))
	for _, want := range []string{m.Signs.Quote(""), m.Signs.Quote(" ")} {
		if !strings.Contains(text, " "+want+" ") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

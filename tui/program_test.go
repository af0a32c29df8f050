package tui

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/exp/teatest/v2"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/pane"
)

func (s *screen) sortedBy(field string, falling bool) {
	s.t.Helper()
	if f, down := calls(s).Rows.SortedBy(); f != field || down != falling {
		s.t.Errorf("sorted by %s, falling %v; want %s, %v", f, down, field, falling)
	}
}

func TestSortKeys(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(3)
	s.sortedBy("calls_per_s", true)
	for _, c := range []struct {
		key     string
		field   string
		falling bool
	}{
		{"s", "calls_share", true}, {">", "calls", true}, {"r", "calls", false}, {"S", "calls_share", true}, {"<", "calls_per_s", true},
		{"<", "file", false}, {"r", "file", true}, {"1", "calls_per_s", true}, {"1", "calls_per_s", false}, {"5", "function", false},
		{"9", "function", false}, // there is no ninth column
	} {
		s.press(c.key)
		s.sortedBy(c.field, c.falling)
	}
	if got := s.names(); !slices.IsSorted(got) {
		t.Errorf("by function: %q", got)
	}
	s.wants("function ▲")
}

func TestSortOption(t *testing.T) {
	for _, field := range SortFields() {
		s := newScreen(t, 80, 24, Options{Sort: field}).run(1)
		want := field
		if shared, ok := map[string]string{"calls_delta": "calls_per_s", "line": "file"}[field]; ok { // columns that two names mean
			want = shared
		}
		if got, _ := calls(s).Rows.SortedBy(); got != want {
			t.Errorf("--sort %s sorts by %s", field, got)
		}
	}
	newScreen(t, 80, 24, Options{Sort: "nonsense"}).sortedBy("calls_per_s", true)
}

func TestFilterAsYouType(t *testing.T) {
	s := newScreen(t, 100, 30, Options{}).run(3).press("/")
	for _, c := range []struct {
		key  string
		want int
	}{{"s", 25}, {"q", 4}, {"l", 4}, {"backspace", 4}, {"x", 0}, {"backspace", 4}} {
		s.press(c.key)
		if got := calls(s).Rows.Len(); got != c.want {
			t.Errorf("%q matches %d, want %d", calls(s).FilterText(), got, c.want)
		}
	}
	s.press("ctrl+u", "!", "p", "y")
	if got := s.names(); slices.Contains(got, "discount") || !slices.Contains(got, "<module>") {
		t.Errorf("! does not invert: %q", got)
	}
	s.press("ctrl+u")
	s.Update(tea.PasteMsg{Content: "PRICING.py:41\n"})
	if got := s.names(); !slices.Equal(got, []string{"discount"}) {
		t.Errorf("pasted file:line in capitals: %q", got)
	}
	s.press("enter")
	s.wants("1 of 25", "filter: PRICING.py:41")
	s.readings(1)
	if calls(s).Rows.Len() != 1 {
		t.Error("a reading lost the filter")
	}
	s.press("esc")
	s.lacks("filter:")
	if calls(s).Rows.Len() != 25 {
		t.Error("Esc does not clear the filter")
	}
}

func TestFilterNonASCII(t *testing.T) {
	s := newScreen(t, 100, 30, Options{Filter: "PRIX_RÉ"}).run(1)
	if got := s.names(); !slices.Equal(got, []string{"Modèle.prix_réduit"}) {
		t.Errorf("got %q", got)
	}
}

func TestEscClosesPromptDetailsFilter(t *testing.T) {
	s := newScreen(t, 100, 30, Options{}).run(3).press("enter")
	s.press("esc", "/", "s", "q", "l", "esc")
	if s.prompt.Open() || calls(s).FilterText() != "sql" {
		t.Error("the first does not close the prompt alone")
	}
	s.press("enter")
	if !calls(s).Details.Open() {
		t.Fatal("no details")
	}
	if s.press("esc"); calls(s).Details.Open() || calls(s).FilterText() != "sql" {
		t.Error("the second does not close the details alone")
	}
	if s.press("esc"); calls(s).FilterText() != "" {
		t.Error("the third does not clear the filter")
	}
}

func TestPauseStandsStill(t *testing.T) {
	for _, keys := range [][]string{{"space"}, {"enter", "space"}} {
		s := newScreen(t, 200, 40, Options{}).run(45).press(keys...)
		before := s.text()
		if s.readings(8); s.text() != before {
			t.Errorf("%q: the screen moved:\n%s", keys, s.text())
		}
	}
	s := newScreen(t, 100, 30, Options{}).run(5).press("space")
	before := s.text()
	reads := s.fake.n
	s.readings(5)
	if got := s.text(); got != before {
		t.Errorf("the screen moved:\n%s", got)
	}
	if s.fake.n != reads+5 {
		t.Error("counting does not go on")
	}
	s.wants("paused since 14:00:17")
	s.press("2", "/", "s", "q", "l", "enter") // it still sorts and filters
	s.wants("4 of 25", "% ▼")
	s.press("p")
	s.lacks("paused")
	s.wants("14:00:22")
}

func TestCursorStays(t *testing.T) {
	s := newScreen(t, 100, 24, Options{}).run(3)
	s.lacks("▸")
	s.press("j")
	s.wants("▸     14.8k") // the first row
	s.press("j", "down")
	at, _ := calls(s).Rows.Cursor()
	name := calls(s).Rows.Row(at).Code.Function
	s.press("r")
	if i, ok := calls(s).Rows.Cursor(); !ok || calls(s).Rows.Row(i).Code.Function != name || i == at {
		t.Errorf("the cursor left %s", name)
	}
	s.lacks("▸") // its row is out of view: the view is not dragged along
	s.press("k")
	s.wants("▸")
	s.press("g")
	s.lacks("▸")
}

func TestScrollPastTheTop(t *testing.T) {
	s := newScreen(t, 100, 50, Options{}).run(3)
	if got := s.Lines(calls(s)) - 2; got != 20 {
		t.Fatalf("%d rows in view", got)
	}
	s.lacks("Logger.debug")
	s.press("pgdown")
	s.wants("Logger.debug", "from 6 to 25")
	s.lacks("▸")
	s.press("G")
	s.wants("▸")
	s.press("g")
	s.lacks("Logger.debug")
	s.press("z")
	s.wants("Logger.debug")
	s.lacks("GIL\n")
}

func TestWentToZeroStaysAhead(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(5)
	s.fake.weights[4] = 0 // discount
	s.readings(1)
	rank := slices.Index(s.names(), "discount")
	if want := slices.Index(s.names(), "Logger.debug"); rank > want {
		t.Errorf("just at 0 it is %d, after the idle at %d", rank, want)
	}
	s.fake.weights[7] = 0
	s.readings(1)
	names := s.names()
	if slices.Index(names, "_make_iterencode.<locals>._iterencode_dict") > slices.Index(names, "discount") {
		t.Error("what went to 0 later does not stand before what went earlier")
	}
}

func TestDetails(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(65).press("enter")
	s.wants("DETAILS  Query._compile_state", "/srv/app/.venv/lib/python3.14/site-packages/sqlalchemy/orm/query.py:2011", "counting…")
	if s.fake.focus != 1 {
		t.Errorf("focus is on %d", s.fake.focus)
	}
	s.readings(2)
	s.wants("worker-1", "41 %", "calls since 14:00:12", "5 min ago", "of all calls")
	s.press("esc")
	if s.fake.focus != 0 || calls(s).Details.Open() {
		t.Error("it is still counted by thread")
	}
	s.press("j", "j", "j", "j", "enter").readings(1)
	at, _ := calls(s).Rows.Cursor()
	s.wants("DETAILS  " + calls(s).Rows.Row(at).Code.Function)
}

func TestDetailsFollowTheirFunction(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(5).press("enter")
	s.fake.weights[0] = 0
	s.readings(3)
	s.wants("DETAILS  Query._compile_state", "0 now")
	s.fake.codes, s.fake.weights = s.fake.codes[1:], s.fake.weights[1:]
	s.readings(1)
	s.wants("it is not in the last reading")
}

func TestBrake(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(3).press("x")
	s.wants("braked since 14:00:15", "out of the target: it runs as if pytop were not there")
	s.readings(5)
	s.wants("braked: nothing is counted since 14:00:15 · x attaches again", "?/s")
	s.press("x").readings(2)
	s.wants("not counted 14:00:15–14:00:20", "exact")
	s.lacks("braked")
	if want := []string{"detach: braked by the user", "attach"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

func TestBrakeTwiceAtOnce(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(3)
	_, first := s.Update(keyPress("x"))
	_, second := s.Update(keyPress("x"))
	if second != nil {
		t.Error("both are asked at the same time")
	}
	s.wants("detaching…")
	s.do(first)
	if want := []string{"detach: braked by the user", "attach"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

func TestOverBudget(t *testing.T) {
	s := newScreen(t, 80, 24, Options{})
	s.fake.over, s.fake.status, s.fake.reason = true, collect.Off, "counting would take ~71 % of its time"
	s.run(1)
	s.wants("over budget", "detached: counting would take ~71 % of its time", "no call is counted now · Enter counts whatever it costs")
	s.readings(9).press("enter").readings(2)
	s.lacks("over budget")
	s.wants("exact", "! not counted 14:00:12–14:00:22")
	if want := []string{"attach: forced"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

// TestOverBudgetBrake: what follows the GIL is attached still: the brake takes
// it away, and gives back no more than it took; so does what suspends.
func TestOverBudgetBrake(t *testing.T) {
	s := newScreen(t, 80, 24, Options{})
	s.fake.over, s.fake.status, s.fake.reason = true, collect.Off, "counting would take ~71 % of its time"
	s.run(1).press("x").readings(1)
	s.wants("braked since", "x attaches again")
	s.lacks("over budget", "Enter counts")
	s.press("x").readings(1)
	s.wants("over budget", "Enter counts whatever it costs")
	s.press("ctrl+z")
	_, cmd := s.Update(tea.ResumeMsg{})
	s.do(cmd)
	s.readings(1)
	s.wants("over budget", "Enter counts whatever it costs")
	if want := []string{"detach: braked by the user", "attach", "detach: suspended", "attach"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

// TestOverBudgetOneOfSeveral: that one was let go does not stand for all.
func TestOverBudgetOneOfSeveral(t *testing.T) {
	s := newScreen(t, 120, 40, Options{})
	dear := &collect.Process{PID: 4712, Python: "3.14.6", Start: fakeStart}
	s.fake.others = []collect.ProcessReading{{Process: dear, State: collect.Running, Status: collect.Off, OverBudget: true, Reason: "counting would take ~71 % of its time"}}
	s.run(2)
	s.wants("! pid 4712: calls are not counted: counting would take ~71 % of its time", "off (1 of 2)")
	s.lacks("no call is counted", "over budget")
	s.press("down", "enter").readings(1)
	if !calls(s).Details.Open() || s.fake.asked != nil {
		t.Errorf("no details are open; asked %q", s.fake.asked)
	}
	s.press("esc", "x")
	if want := []string{"detach: braked by the user"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
	s.press("x").readings(1)
	s.Only = dear // as Enter in the processes pane does
	s.wants("pid 4712: detached: counting would take ~71 % of its time", "Enter counts whatever it costs")
	s.press("enter")
	if want := []string{"detach: braked by the user", "attach", "attach: forced"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

func TestSuspendShowsTheGap(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(3).press("ctrl+z")
	if len(s.msgs) == 0 {
		t.Fatal("it is not suspended")
	}
	if _, ok := s.msgs[len(s.msgs)-1].(tea.SuspendMsg); !ok {
		t.Fatalf("it is not suspended: %T", s.msgs[len(s.msgs)-1])
	}
	s.clock = s.clock.Add(35 * time.Second)
	_, cmd := s.Update(tea.ResumeMsg{})
	s.do(cmd)
	s.readings(1)
	s.wants("not counted 14:00:15–14:00:50")
	if want := []string{"detach: suspended", "attach"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

func TestSuspendNeedsAShell(t *testing.T) {
	s := newScreen(t, 100, 40, Options{JobControl: func() bool { return false }}).run(3).press("ctrl+z")
	s.wants("no shell would wake pytop again")
	if s.fake.asked != nil || slices.ContainsFunc(s.msgs, func(msg tea.Msg) bool { _, is := msg.(tea.SuspendMsg); return is }) {
		t.Errorf("asked %q, %v", s.fake.asked, s.msgs)
	}
}

func TestSuspendLeavesTheBrakeOn(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(3).press("x", "ctrl+z")
	_, cmd := s.Update(tea.ResumeMsg{})
	s.do(cmd)
	if want := []string{"detach: braked by the user"}; !slices.Equal(s.fake.asked, want) {
		t.Errorf("asked %q", s.fake.asked)
	}
}

func TestEnd(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(5)
	s.fake.ended = "process 4711 ended at 14:00:18"
	s.press("space").readings(1)
	s.wants("! process 4711 ended at 14:00:18 · space shows the last table", "paused since 14:00:17")
	s.press("space")
	s.wants("   process 4711 ended at 14:00:18 · q quits", "total ▼")
	s.lacks("paused")
	if cmd := s.session.plan(); cmd != nil {
		t.Error("it plans to read on")
	}
	s.press("1")
	s.sortedBy("calls_per_s", true)
	s.press("/", "s", "q", "l", "enter")
	s.wants("4 of 25")
	s.press("x")
	s.wants("nothing to brake")
	if s.fake.asked != nil {
		t.Errorf("asked %q", s.fake.asked)
	}
	if r := s.result(); r.Last == nil || !r.Last.Final || r.Table.Filter != "sql" {
		t.Errorf("result %+v", r)
	}
}

// TestEndOverBudget: what the last table lacks is said.
func TestEndOverBudget(t *testing.T) {
	s := newScreen(t, 120, 40, Options{})
	s.fake.over, s.fake.status, s.fake.reason = true, collect.Off, "counting would take ~71 % of its time"
	s.run(1)
	s.fake.ended = "process 4711 ended at 14:00:14"
	s.readings(1)
	s.wants("ended, off", "! calls were not counted up to the end: counting would take ~71 % of its time", "process 4711 ended at 14:00:14")
	s.lacks("x or Enter")
	var b strings.Builder
	if err := Table(&b, s.Shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "ended at"); n != 1 {
		t.Errorf("the table says %d times that it ended:\n%s", n, b.String())
	}
}

func TestReset(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(10).press("R")
	s.wants("totals since 14:00:22 (0 s)")
	if f := calls(s).Rows.Find(1); f.Calls != 0 {
		t.Errorf("%d calls right after", f.Calls)
	}
	s.readings(2)
	f := calls(s).Rows.Find(1)
	if f.Calls == 0 || f.Calls > 40_000 {
		t.Errorf("%d calls after two seconds", f.Calls)
	}
	if s.Shown.Totals.Calls > 130_000 || s.Shown.Processes[0].Counted != 2*time.Second {
		t.Errorf("totals %+v, counted %v", s.Shown.Totals, s.Shown.Processes[0].Counted)
	}
}

func TestResetWhileReading(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(3)
	s.clock = s.clock.Add(time.Second)
	msg := s.session.read()()
	s.press("R")
	s.Update(msg)
	if f := calls(s).Rows.Find(1); f.Calls == 0 || f.Calls > 20_000 {
		t.Errorf("%d calls a second after", f.Calls)
	}
}

func TestInterval(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(1)
	for _, c := range []struct{ key, want string }{
		{"+", "every 2 s"}, {"+", "every 5 s"}, {"-", "every 2 s"}, {"-", "every 1 s"}, {"-", "every 0.5 s"}, {"-", "every 0.2 s"}, {"-", "every 0.1 s"}, {"-", "every 0.1 s"},
	} {
		s.press(c.key)
		s.wants(c.want)
	}
	s.press("+", "+", "+", "+", "+", "+", "+", "+", "+")
	s.wants("every 60 s")
}

func TestOneReadAtATime(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(1)
	cmd := s.session.read()
	if cmd == nil || !s.session.inFlight {
		t.Fatal("no reading")
	}
	s.press("+", "-", "j", "space", "space") // none of them reads or waits
	if _, again := s.Update(tickMsg{s.session, s.session.tick}); again != nil {
		t.Error("a tick starts a second reading")
	}
	s.Update(cmd())
	if s.session.inFlight {
		t.Error("it is still under way")
	}
}

func TestTaxIsAmberAboveTenPercent(t *testing.T) {
	for taxed, want := range map[float64]bool{0.08: false, 0.099: true} { // of 90 % of the time
		s := newScreen(t, 120, 40, Options{})
		s.fake.taxed = taxed
		s.run(3)
		text := "tax " + format.HeadPercent(s.Shown.Processes[0].TaxShare) + " of the target"
		if got := strings.Contains(s.head().lines(120)[1], s.Styles.Amber.Paint(text)); got != want {
			t.Errorf("%s: amber %v", text, got)
		}
	}
}

func TestTooSmallInASCII(t *testing.T) {
	s := newScreen(t, 40, 24, Options{ASCII: true}).run(2)
	if got := s.text(); got != "pytop needs 60x10, this is 40x24\n" {
		t.Errorf("got %q", got)
	}
}

func TestReadError(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(2)
	s.session.inFlight = true
	_, cmd := s.Update(readingMsg{of: s.session, err: errFake})
	if cmd == nil {
		t.Error("it gives up")
	}
	s.wants("! reading: made up", "Query._compile_state")
	s.readings(1)
	s.lacks("made up")
}

func TestExport(t *testing.T) {
	var got *collect.Snapshot
	s := newScreen(t, 120, 40, Options{
		Export: func(s *collect.Snapshot) (Written, error) {
			got = s
			return Written{Paths: []string{"/x/a.json", "/x/a-functions.csv"}, Refused: errFake}, nil
		},
		ExportTo: func(*collect.Snapshot, []string, string) (Written, error) { return Written{}, errFake },
	}).run(3)
	s.press("space").readings(2)
	s.press("e")
	if got != s.Shown || got == s.Latest {
		t.Error("it does not write what is shown")
	}
	s.wants("wrote /x/a.json  …-functions.csv instead: made up")
	s.press("E", "tab")
	s.wants("write json to .", "Enter writes")
	s.press("enter")
	s.wants("made up")
}

func TestQuit(t *testing.T) {
	s := newScreen(t, 100, 40, Options{}).run(1).press("q")
	if _, ok := s.msgs[len(s.msgs)-1].(tea.QuitMsg); !ok {
		t.Error("q does not quit")
	}
	s = newScreen(t, 100, 40, Options{Command: "python3 app.py"}).run(1).press("q")
	s.wants("app.py still runs:  w wait  l leave it  e end it  Esc stay"[:18])
	s.press("esc", "ctrl+c", "e")
	if got := s.result().Quit; got != QuitEnd {
		t.Errorf("quit by %q", got)
	}
	if _, ok := s.msgs[len(s.msgs)-1].(tea.QuitMsg); !ok {
		t.Error("it does not quit")
	}
}

// TestLog looks at the command's output while it comes.
func TestLog(t *testing.T) {
	log := &fakeLog{}
	s := newScreen(t, 100, 30, Options{Command: "python3 -u app.py", Log: log}).run(3)
	look := func() { s.Update(logTick()) }
	look()
	s.wants("LOG  output of app.py", "nothing yet", "-u")
	for n := range 50 {
		log.lines = append(log.lines, "line "+format.Whole(n))
	}
	look()
	s.wants("line 47", "line 49")
	s.press("tab", "tab", "k", "k")
	s.wants("line 47", "2 lines back")
	s.lacks("line 48")
	log.lines = append(log.lines[10:], "line 50")
	log.dropped = 10
	look()
	s.wants("line 47", "3 lines back")
	s.press("space")
	log.lines = nil
	look()
	s.wants("line 47") // a pause holds for it too
	s.press("space")
	look()
	s.wants("nothing yet")
}

func TestMouse(t *testing.T) {
	s := newScreen(t, 100, 30, Options{}).run(3)
	y := s.layout().areas[0].y
	click := func(x, y int) {
		_, cmd := s.Update(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
		s.do(cmd)
	}
	for _, c := range calls(s).Rows.Layout(s.Width-pane.Gutter-1, pane.ColumnGap) {
		if c.Field == "function" {
			click(pane.Gutter+c.X+1, y+1)
		}
	}
	s.sortedBy("function", false)
	click(5, y+2+4)
	if i, ok := calls(s).Rows.Cursor(); !ok || i != 4 {
		t.Errorf("a click puts the cursor at %d", i)
	}
	click(5, y+2+4)
	if !calls(s).Details.Open() {
		t.Error("a second one does not open it")
	}
	s.press("esc")
	s.Update(tea.MouseWheelMsg{X: 5, Y: y + 5, Button: tea.MouseWheelDown})
	if got := calls(s).Rows.Offset(s.Lines(calls(s)) - 2); got != 3 {
		t.Errorf("the wheel scrolls to %d", got)
	}
	if s.View().MouseMode == tea.MouseModeNone {
		t.Error("the mouse is off")
	}
	s.press("m")
	if s.View().MouseMode != tea.MouseModeNone {
		t.Error("m does not switch it off")
	}
}

func TestSeveralProcesses(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(1)
	two := &collect.Process{PID: 4800, Python: "3.11.2", Command: "python3 b.py"}
	last := *s.session.last
	last.Time = last.Time.Add(time.Second)
	last.Processes = append(slices.Clone(last.Processes), collect.ProcessReading{Process: two, State: collect.Running, Status: collect.LowerBound, Reason: "the JIT runs"})
	s.Update(readingMsg{of: s.session, reading: &last, snapshot: snapshot(s.panes, s.session.last, &last, nil, 9)})
	s.wants("2 processes · CPython 3.11.2, 3.14.6", "lower bound (1 of 2)", "pid  calls/s ▼", "! pid 4800: lower bound: the JIT runs", "   4711  ")
}

func TestOpen(t *testing.T) {
	s := newScreen(t, 100, 30, Options{})
	s.Source = nil
	s.wants("attaching…")
	s.Update(openedMsg{source: s.fake})
	s.wants("counting…")
	s.Update(openedMsg{err: errFake})
	if s.fatal == nil {
		t.Error("the error is lost")
	}
}

func TestTable(t *testing.T) {
	s := newScreen(t, 100, 30, Options{}).run(9)
	for name, o := range map[string]TableOptions{
		"wide": {Top: 20}, "100": {Top: 5, Width: 100}, "ascii": {Top: 5, ASCII: true}, "filter": {Filter: "sql", Sort: "function"}, "rising": {Top: 3, Sort: "calls", Rising: true},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Table(&b, s.Shown, o); err != nil {
				t.Fatal(err)
			}
			golden(t, b.String())
		})
	}
	if err := Table(failing{}, s.Shown, TableOptions{}); err == nil {
		t.Error("a closed pipe is not told")
	}
}

func TestTableSpeaksOfNoKeys(t *testing.T) {
	s := newScreen(t, 100, 30, Options{})
	s.fake.over, s.fake.status, s.fake.reason = true, collect.Off, "counting would take ~71 % of its time"
	s.run(1)
	var b strings.Builder
	if err := Table(&b, s.Shown, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "detached: counting would take ~71 % of its time\nno call is counted now\n") || strings.Contains(text, "Enter") {
		t.Errorf("got %s", text)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, os.ErrClosed }

// TestProgram runs the whole program: readings come, a key quits.
func TestProgram(t *testing.T) {
	f := newFake(time.Now)
	tm := teatest.NewTestModel(t, New(Options{Source: f, Delay: 50 * time.Millisecond}), teatest.WithInitialTermSize(100, 30))
	teatest.WaitFor(t, tm.Output(), func(b []byte) bool { return bytes.Contains(b, []byte("Query._compile_state")) }, teatest.WithDuration(10*time.Second))
	tm.Type("q")
	m := tm.FinalModel(t, teatest.WithFinalTimeout(10*time.Second)).(*Model)
	if r := m.result(); r.Last == nil || r.Last.Seq < 2 {
		t.Errorf("result %+v", r)
	}
}

// TestRunEndsWithContext: the end of the context is no error, and keeps the
// last snapshot.
func TestRunEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	in, out := io.Pipe()
	defer out.Close()
	r, err := Run(ctx, Options{Source: newFake(time.Now), Delay: 50 * time.Millisecond, Input: in, Output: io.Discard})
	if err != nil || !r.Signal {
		t.Fatalf("%v, %+v", err, r)
	}
	if r.Last == nil {
		t.Error("no last snapshot")
	}
}

// slow takes its time for a reading.
type slow struct {
	*fake
	inside atomic.Int32
}

func (s *slow) Read() (*collect.Reading, error) {
	if s.inside.Add(1) > 1 {
		panic("two readings at a time")
	}
	time.Sleep(150 * time.Millisecond)
	s.inside.Add(-1)
	return s.fake.Read()
}

// TestRunLeavesTheSource: after Run nobody reads.
func TestRunLeavesTheSource(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
	defer cancel()
	in, out := io.Pipe()
	defer out.Close()
	s := &slow{fake: newFake(time.Now)}
	if _, err := Run(ctx, Options{Source: s, Delay: 10 * time.Millisecond, Input: in, Output: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if s.inside.Load() != 0 {
		t.Error("a reading is under way")
	}
}

func TestHelpNamesEveryKey(t *testing.T) {
	s := newScreen(t, 100, 30, Options{})
	text := strings.Join(s.helpPage().lines(100), "\n")
	for _, name := range strings.Fields("Tab Shift-Tab Enter Esc space PgUp PgDn Ctrl-Z R x m E e z + - r s S / ? q g G") {
		if !strings.Contains(text, name) {
			t.Errorf("no %q", name)
		}
	}
	numbers := numberEntries()
	for _, p := range s.panes {
		_, more := p.Help()
		numbers = append(numbers, more...)
	}
	for _, d := range numbers {
		if !strings.Contains(text, d.Word) {
			t.Errorf("no %q", d.Word)
		}
	}
	if len(numbers) < 40 {
		t.Errorf("%d numbers are defined", len(numbers))
	}
}

// TestNeverThere: what was asked for and is not there is not said to have been
// counted for a while.
func TestNeverThere(t *testing.T) {
	s := newScreen(t, 120, 40, Options{}).run(1)
	none := &collect.Process{PID: 4800, Command: "?"}
	last := *s.session.last
	last.Time = last.Time.Add(time.Second)
	last.Processes = append(slices.Clone(last.Processes), collect.ProcessReading{Process: none, State: collect.Ended, Status: collect.Off, Reason: "it is not watched: no such process"})
	s.Update(readingMsg{of: s.session, reading: &last, snapshot: snapshot(s.panes, s.session.last, &last, nil, 9)})
	s.wants("! pid 4800: it is not watched: no such process")
	s.lacks("up to the end")
}

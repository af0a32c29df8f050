package tui

import (
	"math"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/functions"
	"pytop/tui/gil"
	"pytop/tui/logs"
	"pytop/tui/pane"
	"pytop/tui/panetest"
	"pytop/tui/processes"
	"pytop/tui/table"
)

// fake is a made-up source: what it gives depends on its own clock alone.
type fake struct {
	mu       sync.Mutex
	clock    func() time.Time
	start    time.Time
	last     time.Time
	n        int
	process  *collect.Process
	codes    []collect.CodeCount
	weights  []float64
	calls    uint64
	resumes  uint64
	counted  time.Duration
	cpu, tax time.Duration
	state    collect.State
	status   collect.CallsStatus
	reason   string
	over     bool
	detached string // why; empty: attached
	focus    uint64
	byThread [3]uint64
	ended    string
	quiet    bool    // nothing is called
	taxed    float64 // share of the time that counting takes
	lost     []collect.Loss
	asked    []string
	others   []collect.ProcessReading // watched besides
}

type fakeName struct {
	file, function string
	line           int
	perS, resumes  float64
}

var site = "/srv/app/.venv/lib/python3.14/site-packages/sqlalchemy/"

var fakeNames = []fakeName{
	{site + "orm/query.py", "Query._compile_state", 2011, 12930, -1},
	{site + "sql/coercions.py", "_literal_coercion", 466, 9412, -1},
	{site + "sql/operators.py", "ColumnElement.__eq__", 584, 6027, -1},
	{site + "engine/result.py", "Result._iter_rows", 530, 3310, 41200},
	{"/srv/app/shop/pricing.py", "discount", 41, 2950, -1},
	{"/srv/app/shop/pricing.py", "PriceList.lookup.<locals>.<lambda>", 77, 2410, -1},
	{"/usr/lib/python3.14/json/encoder.py", "JSONEncoder.iterencode", 205, 1980, -1},
	{"/usr/lib/python3.14/json/encoder.py", "_make_iterencode.<locals>._iterencode_dict", 334, 1640, 8300},
	{"<frozen importlib._bootstrap>", "_handle_fromlist", 1390, 1201, -1},
	{"<frozen os>", "Environ.__getitem__", 679, 998, -1},
	{"/usr/lib/python3.14/asyncio/events.py", "Handle._run", 87, 870, -1},
	{"/usr/lib/python3.14/asyncio/base_events.py", "BaseEventLoop._run_once", 1962, 640, -1},
	{"/srv/app/shop/views.py", "CartView.get", 118, 402, 3010},
	{"/srv/app/shop/données/modèle.py", "Modèle.prix_réduit", 12, 377, -1},
	{"/srv/app/商店/价格.py", "计算折扣", 9, 310, -1},
	{"<string>", "<module>", 1, 96, -1},
	{"/srv/app/.venv/lib/python3.14/site-packages/markupsafe/_native.py", "escape", 9, 61, -1},
	{"/srv/app/.venv/lib/python3.14/site-packages/six.py", "ensure_text", 920, 12, -1},
	{"/srv/app/evil\x1b[31m\nname.py", "f\u202eevil\x07", 3, 7, -1},
	{"/usr/lib/python3.14/threading.py", "Condition.wait", 334, 4.2, -1},
	{"/usr/lib/python3.14/threading.py", "Event.wait", 655, 2, -1},
	{"/usr/lib/python3.14/logging/__init__.py", "Logger.isEnabledFor", 1797, 1, -1},
	{"/usr/lib/python3.14/logging/__init__.py", "Logger.debug", 1541, 0, -1},
	{"/srv/app/shop/wsgi.py", "<module>", 1, 0, -1},
	{"/srv/app/shop/startup.py", "warm_caches_of_everything_before_the_first_request_comes_in", 33, 0, -1},
}

var fakeStart = panetest.Start

var gilReading, shopReading, keyPress = panetest.GILReading, panetest.ShopReading, panetest.Key

func newFake(clock func() time.Time) *fake {
	f := &fake{clock: clock, start: clock(), last: clock(), state: collect.Running, status: collect.Exact, taxed: 0.038}
	f.process = &collect.Process{PID: 4711, Start: f.start.Add(-131 * time.Minute), Python: "3.14.6", Build: "stripped tail-call",
		Command: "/srv/app/.venv/bin/python3 /srv/app/bin/gunicorn shop.wsgi --workers 4"}
	for i, n := range fakeNames {
		f.add(uint64(i+1), n)
	}
	for i, n := range []uint64{31, 1, 8} { // what ran before the first reading only
		f.codes[len(f.codes)-3+i].Calls = n
	}
	return f
}

func (f *fake) add(id uint64, n fakeName) {
	f.codes = append(f.codes, collect.CodeCount{
		Code:       &collect.Code{ID: id, PID: f.process.PID, File: n.file, Function: n.function, Line: n.line},
		HasResumes: n.resumes >= 0,
	})
	f.weights = append(f.weights, n.perS)
}

func (f *fake) Read() (*collect.Reading, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	dt := now.Sub(f.last)
	f.last = now
	f.n++
	if f.detached == "" && f.status != collect.Off {
		f.count(now, dt)
	}
	if f.quiet {
		f.cpu += dt / 100
	} else {
		f.cpu += dt * 9 / 10
	}
	codes := append([]collect.CodeCount{}, f.codes...)
	r := &collect.Reading{
		Time: now, Since: f.start, Host: "web-1", Codes: codes, Focus: f.focus, Lost: f.lost,
		Self: collect.Self{CPU: time.Duration(f.n) * 4 * time.Millisecond, Memory: 31e6, Maps: 24e6},
		Processes: []collect.ProcessReading{{
			Process: f.process, State: f.state, Status: f.status, Reason: f.reason, OverBudget: f.over, Braked: f.detached != "",
			Counted: f.counted, Calls: f.calls, Resumes: f.resumes, CPU: f.cpu, CPUKnown: true, Tax: f.tax, TaxKnown: true,
		}},
		Probes: []collect.Probe{
			{Name: "calls", Status: collect.ProbeOn, Method: "21 sites in python3.14, uprobe_multi"},
			{Name: "gil", Status: collect.ProbeMissing, Reason: "this version of pytop counts calls only"},
		},
	}
	r.Processes = append(r.Processes, f.others...)
	if f.detached != "" || f.over {
		r.Probes[0].Status = collect.ProbeOff
	}
	if f.focus != 0 {
		for i, n := range f.byThread {
			r.ByThread = append(r.ByThread, collect.ThreadCount{TID: 4717 + i, Name: []string{"worker-1", "worker-2", ""}[i], Calls: n})
		}
	}
	if f.ended != "" {
		r.Final, r.EndReason, r.Processes[0].State = true, f.ended, collect.Ended
	}
	return r, nil
}

// count adds what ran in dt: each function's rate swings slowly around its
// own.
func (f *fake) count(now time.Time, dt time.Duration) {
	f.counted += dt
	if f.quiet {
		return
	}
	f.tax += time.Duration(float64(dt) * f.taxed)
	t := now.Sub(f.start).Seconds()
	for i := range f.codes {
		swing := 1 + 0.35*math.Sin(t/(7+float64(i%11))+float64(i))
		n := uint64(math.Round(f.weights[i] * swing * dt.Seconds()))
		f.codes[i].Calls += n
		f.calls += n
		if f.codes[i].HasResumes {
			k := uint64(math.Round(12.4 * float64(n)))
			f.codes[i].Resumes += k
			f.resumes += k
		}
		if f.codes[i].Code.ID == f.focus {
			f.byThread[0] += n * 41 / 100
			f.byThread[1] += n * 35 / 100
			f.byThread[2] += n - n*41/100 - n*35/100
		}
	}
}

func (f *fake) Close() error { return nil }

func (f *fake) Detach(why string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.detached = why
	f.asked = append(f.asked, "detach: "+why)
	return nil
}

func (f *fake) Attach(force bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.detached = ""
	word := "attach"
	if force || !f.over {
		f.over, f.status, f.reason = false, collect.Exact, ""
	}
	if force {
		word = "attach: forced"
	}
	f.asked = append(f.asked, word)
	return nil
}

func (f *fake) Focus(code uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.focus, f.byThread = code, [3]uint64{}
	return nil
}

// fakeLog is the output of a made-up command.
type fakeLog struct {
	lines   []string
	dropped uint64
}

func (l *fakeLog) Tail(n int) []string {
	if n < 0 || n > len(l.lines) {
		n = len(l.lines)
	}
	return l.lines[len(l.lines)-n:]
}

func (l *fakeLog) Dropped() uint64 { return l.dropped }

// has is a screen, or what embeds one.
type has interface{ model() *Model }

func (m *Model) model() *Model { return m }

func paneOf[P pane.Pane](h has) P {
	for _, p := range h.model().panes {
		if one, ok := p.(P); ok {
			return one
		}
	}
	panic("no such pane")
}

func calls(h has) *functions.Pane { return paneOf[*functions.Pane](h) }
func gils(h has) *gil.Pane        { return paneOf[*gil.Pane](h) }
func procs(h has) *processes.Pane { return paneOf[*processes.Pane](h) }
func logPane(h has) *logs.Pane    { return paneOf[*logs.Pane](h) }

// logTick is the message that makes the pane of the output look for more.
var logTick = sync.OnceValue(func() tea.Msg {
	return logs.New(&pane.Screen{Chosen: pane.Chosen{Log: &fakeLog{}}}).(*logs.Pane).Init()()
})

// cell is what a table reads in a column.
func cell[R any](t *table.Table[R], field string, row *R) string {
	for _, c := range t.Columns {
		if c.Field == field {
			return c.Cell(row, c.Width)
		}
	}
	return "no column " + field
}

// plainGIL is a snapshot's GILs as text.
func plainGIL(m *Model, s *collect.Snapshot) []string {
	m.show(s)
	return gils(m).Plain(pane.Unlimited, 0)
}

package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"pytop/collect"
	"pytop/tui/format"
	"pytop/tui/table"
)

// Model is the whole screen: the one tea.Model. Panes are parts of it.
type Model struct {
	o       Options
	context context.Context
	now     func() time.Time
	signs   *format.Signs
	printed bool // as a table: nobody presses keys
	styles  *styles
	dark    bool
	profile colorprofile.Profile

	width, height int
	pane          pane // the active one
	zoomed        bool
	mouseOff      bool
	help          scroller
	helpOpen      bool

	// Reading.
	source     collect.Source
	delay      time.Duration
	inFlight   bool
	tick       int // number of the tick that counts
	started    time.Time
	seq        int
	prev, last *collect.Reading
	base       *collect.Reading // totals count from here; nil: from the start
	latest     *collect.Snapshot
	failed     error // of the last Read
	fatal      error // what ends the program
	rates      []float64
	history    history

	// Showing.
	shown        *collect.Snapshot
	paused       bool
	frozen       []float64 // rates as they were when paused
	past         *history  // the history as it was when paused; nil when not
	functions    *table.Table[function]
	threads      *table.Table[collect.ThreadRow]
	freeThreads  bool   // its columns are those of threads without a GIL
	thread       uint64 // the ID of the one whose details are open; 0: none
	stack        threadStack
	threadFilter string
	threadScroll scroller     // of the details
	estimated    map[int]bool // by PID: its GIL's fields are read, or were in the interval
	bounded      map[int]bool // by PID: not all was seen that happened to its GIL
	blame        blameView
	counts       bool      // switches are shown in all, not a second
	sameNames    bool      // of threads
	waited       []float64 // of the worst GIL, share waited by reading
	spark        []float64 // waited as it was when shown: a pause keeps it
	sorted       bool      // the user chose a column
	filter       string
	details      details
	log          logPane
	prompt       prompt
	message      message

	// Controls.
	control     control
	brakeWanted bool      // by the last press of x: it may not be done yet
	braked      time.Time // since when the user's brake is on
	away        time.Time // since when nothing is counted, for the gap
	letGoAt     time.Time // since when no call is counted, by pytop itself; zero: some are
	gaps        []gap
	quit        QuitChoice
	processView
	gate gate // of the source
}

// New makes a screen that draws nothing yet.
func New(o Options) *Model {
	m := &Model{o: o, context: context.Background(), now: time.Now, source: o.Source, delay: o.Delay, filter: o.Filter, dark: true, profile: colorprofile.TrueColor}
	if m.delay <= 0 {
		m.delay = time.Second
	}
	if m.o.Top <= 0 {
		m.o.Top = 20
	}
	if m.o.ExportDir == "" {
		m.o.ExportDir = "."
	}
	m.signs = &format.Unicode
	if o.ASCII {
		m.signs = &format.ASCII
	}
	m.styles = newStyles(m.dark, m.profile)
	m.functions = functionTable(m.signs, m.trend)
	m.threads = threadTable(m.threadCells())
	field := sortField(o.Sort)
	m.sorted = field != "" && field != defaultSort
	if !m.sortBy(field) {
		m.sortBy(defaultSort)
	}
	m.functions.Filter(filter(m.filter))
	m.newProcessView()
	return m
}

// Init starts reading.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor, m.log.wait(m.o.Log)}
	switch {
	case m.source != nil:
		cmds = append(cmds, m.read())
	case m.o.Open != nil:
		cmds = append(cmds, func() tea.Msg {
			source, err := m.o.Open(m.context)
			return openedMsg{source, err}
		})
	}
	return tea.Batch(cmds...)
}

type openedMsg struct {
	source collect.Source
	err    error
}

// Update takes in what happened. Nothing in it waits.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
		m.styles = newStyles(m.dark, m.profile)
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.styles = newStyles(m.dark, m.profile)
	case tea.KeyPressMsg:
		return m, m.press(msg)
	case tea.PasteMsg:
		m.prompt.paste(m, msg)
	case tea.MouseMsg:
		return m, m.mouse(msg)
	case tea.ResumeMsg:
		return m, m.resume()
	case watchedMsg:
		return m, m.watched(msg)
	case openedMsg:
		if m.source, m.fatal = msg.source, msg.err; msg.err != nil {
			return m, tea.Quit
		}
		return m, m.read()
	case tickMsg:
		if int(msg) == m.tick && !m.inFlight {
			return m, m.read()
		}
	case readingMsg:
		return m, m.take(msg)
	case controlMsg:
		return m, m.controlled(msg)
	case exportMsg:
		return m, m.exported(msg)
	case logTickMsg:
		if !m.paused {
			m.log.look(m.o.Log)
		}
		return m, m.log.wait(m.o.Log)
	case stackMsg:
		return m, m.stackRead(msg)
	case forgetMsg:
		m.message.forget(msg)
	}
	return m, nil
}

// result is what Run returns.
func (m *Model) result() Result {
	field, falling := m.functions.SortedBy()
	return Result{
		Last: m.latest, Source: m.source, Quit: m.quit, Reading: m.failed,
		Table: TableOptions{Top: m.o.Top, Sort: field, Rising: !falling, Filter: m.filter, ASCII: m.o.ASCII},
	}
}

// Package pane is what the panes of the screen have in common: the contract
// between a pane and the frame around it, what the frame lends to panes, and
// the parts that panes are drawn with.
package pane

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
)

// Pane is a part of the screen that shows one thing. Base has the methods of
// a pane that does nothing. The interfaces below are for panes that do more.
type Pane interface {
	// Take shows a snapshot. The same one comes again when the choice of a
	// process changed.
	Take(s *collect.Snapshot)
	// Reset forgets what belongs to a source: another one is read from now on.
	// What the user chose stays.
	Reset()

	// There tells whether the pane has something to show: Tab goes to it.
	There() bool
	// Wants is how many lines the pane would like beside others; 0: it leaves.
	Wants(r Room) int
	// Alone tells whether the pane, once active, takes the whole body.
	Alone() bool
	// View draws the pane: at most height lines, none wider than width.
	View(width, height int) []string

	// Press does what a key means in the pane, when it is the active one;
	// false: the key means nothing there.
	Press(msg tea.KeyPressMsg) (tea.Cmd, bool)
	// Click is a click on a line of the pane, of which height lines are drawn.
	Click(x, line, height int) tea.Cmd
	// Wheel scrolls by n lines.
	Wheel(n int)

	// Bar is the key bar while the pane is active; nil: DefaultBar.
	Bar() []Short
	// Help is the pane's part of the help page: its keys, and its numbers.
	Help() (keys, numbers []Entry)
	// Plain is the pane as text, in as many rows as top; 0: all rows.
	Plain(width, top int) []string
}

// Leader is the first pane: it has the lines that the others leave, and its
// order and filter are those of the printed table.
type Leader interface {
	Pane
	// Needs is how many lines the pane needs when another one is looked at, how
	// many it has a use for, and how many it would like.
	Needs() (least, use, most int)
	// Order is the field that its rows are sorted by, whether the largest come
	// first, and the filter.
	Order() (field string, falling bool, filter string)
	// Sum is the sums over all rows, for the printed header.
	Sum() string
}

// Headed has lines in the header, below the target. None: nil.
type Headed interface {
	Header(width int) []HeadLine
}

// HeadLine is a line of the header. The frame adds what stands at the right.
type HeadLine struct {
	Left  []Piece
	Trend func(cells int) string // a sparkline behind Left; nil: none
	Cells int                    // cells of it, at most
	After []Piece                // behind the sparkline
}

// Alerter says what must be seen whatever is active.
type Alerter interface {
	Alerts() []Notice
}

// Anywhere takes keys that the active pane and the frame leave. All such panes
// are asked, the first pane last.
type Anywhere interface {
	PressAnywhere(msg tea.KeyPressMsg) (tea.Cmd, bool)
}

// First takes keys before the frame does, when it is the active pane.
type First interface {
	PressFirst(msg tea.KeyPressMsg) bool
}

// Recorder keeps something of every snapshot, also of those that a pause hides:
// it is told before Take.
type Recorder interface {
	Record(s *collect.Snapshot)
}

// Pauser is told when the screen stands still, and when it goes on.
type Pauser interface {
	Pause(on bool)
}

// Receiver takes the messages that its own commands brought. Init is the first
// of its commands, nil for none.
type Receiver interface {
	Init() tea.Cmd
	Receive(msg tea.Msg) tea.Cmd
}

// Rebaser makes totals of a snapshot count from a reading on. It runs beside
// the screen, and touches nothing of the pane.
type Rebaser interface {
	Rebase(s *collect.Snapshot, base, cur *collect.Reading)
}

// Teller knows something about a function, for the function's details.
type Teller interface {
	About(code *collect.Code, width, height int) []string
}

// Filtered has rows that the prompt filters as one types.
type Filtered interface {
	FilterText() string
	SetFilter(text string)
	Matching() string // how many rows match, of how many
	Step(n int)       // moves the cursor by rows
}

// Room is what a screen has for a pane, in lines. What the panes before wanted
// is taken off; less than none may be left.
type Room struct {
	Height int // of the screen
	Body   int // of all panes
	Gap    int // between two panes
	Least  int // that the first pane needs when another one is looked at
	Unused int // that the first pane has no use for
	Spare  int // that nobody would like
}

// Base is a pane that does nothing, to be embedded.
type Base struct{}

// Take ignores the snapshot.
func (Base) Take(*collect.Snapshot) {}

// Reset has nothing to forget.
func (Base) Reset() {}

// There says that there is something to show.
func (Base) There() bool { return true }

// Alone says that others may be beside the pane.
func (Base) Alone() bool { return false }

// Press takes no key.
func (Base) Press(tea.KeyPressMsg) (tea.Cmd, bool) { return nil, false }

// Click does nothing.
func (Base) Click(int, int, int) tea.Cmd { return nil }

// Wheel does nothing.
func (Base) Wheel(int) {}

// Bar is the default one.
func (Base) Bar() []Short { return nil }

// Help has nothing to explain.
func (Base) Help() (keys, numbers []Entry) { return nil, nil }

// Plain prints nothing.
func (Base) Plain(int, int) []string { return nil }

// Notice is a state in words.
type Notice struct {
	Text string
	Ink  Ink
}

// Entry is a line of the help page: a key or a number, and what it means.
// Entries of all panes and of the frame stand in the order of their ranks.
type Entry struct {
	Rank          int
	Word, Meaning string
}

// Gap is a time during which nothing was counted, by the user's will.
type Gap struct{ From, To time.Time }

// TakenMsg tells that a reading was taken in.
type TakenMsg struct{}

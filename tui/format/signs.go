// Package format turns numbers, times and names into the short words of the
// screen. Everything here is pure, and nothing here knows a colour.
package format

// Signs are the marks that are not letters, digits or plain punctuation.
type Signs struct {
	None      string // does not apply
	Unknown   string // not measured
	Ellipsis  string
	Estimate  string // before a number that is an estimate
	AtLeast   string // before a number that is a lower bound
	Cursor    string
	Down, Up  string // sorted: largest first, smallest first
	Dot       string // between the pieces of a line
	To        string // from–to in a span of time
	Turn      string // from one to another
	On        string // a probe that measures
	Rule      string // a separating line, by the column
	Side      string // a vertical one
	Tick      string // where an axis has a number
	Corner    string // where both axes meet
	Enter     string
	Space     string
	Tab       string
	Arrows    string
	Micro     string
	Times     string   // columns × rows
	levels    []string // of a sparkline, lowest first
	bar       []string // eighths of a cell, none first
	braille   bool
	openQuote string
	endQuote  string
}

// Unicode is what nearly all terminals draw.
var Unicode = Signs{
	None: "—", Unknown: "?", Ellipsis: "…", Estimate: "~", AtLeast: "≥", Cursor: "▸", Down: "▼", Up: "▲",
	Dot: " · ", To: "–", Turn: "→", On: "✓", Rule: "─", Side: "│", Tick: "┤", Corner: "└",
	Enter: "⏎", Space: "␣", Tab: "⇥", Arrows: "↑↓", Micro: "µs", Times: "×",
	levels:  []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	bar:     []string{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
	braille: true, openQuote: "“", endQuote: "”",
}

// ASCII is for terminals that draw the other signs two cells wide.
var ASCII = Signs{
	None: "-", Unknown: "?", Ellipsis: "..", Estimate: "~", AtLeast: ">=", Cursor: ">", Down: "v", Up: "^",
	Dot: " | ", To: "-", Turn: ">", On: "ok", Rule: "-", Side: "|", Tick: "+", Corner: "+",
	Enter: "Enter", Space: "Space", Tab: "Tab", Arrows: "Up Down", Micro: "us", Times: "x",
	levels: []string{"_", ".", ":", "-", "=", "+", "*", "#"},
	bar:    []string{" ", " ", " ", " ", "#", "#", "#", "#", "#"}, openQuote: `"`, endQuote: `"`,
}

// Quote sets a piece of the user's text apart from ours.
func (s *Signs) Quote(text string) string { return s.openQuote + text + s.endQuote }

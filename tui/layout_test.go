package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// extra is a pane that the frame has not met: it wants some lines where nobody
// would like them.
type extra struct {
	pane.Base
	*pane.Screen
	lines int
	told  []string
}

func (e *extra) Take(*collect.Snapshot) { e.told = append(e.told, "take") }
func (e *extra) Reset()                 { e.told = append(e.told, "reset") }
func (e *extra) There() bool            { return e.lines > 0 }
func (e *extra) Wants(r pane.Room) int {
	if n := min(e.lines, r.Spare); n >= 2 {
		return n
	}
	return 0
}
func (e *extra) View(_, height int) []string {
	return pane.Clip(slices.Repeat([]string{"extra"}, e.lines), height)
}
func (e *extra) Click(x, line, height int) tea.Cmd {
	e.told = append(e.told, fmt.Sprintf("click %d,%d of %d", x, line, height))
	e.Activate(e)
	return nil
}
func (e *extra) Help() (keys, numbers []pane.Entry) {
	return nil, []pane.Entry{{Rank: 15, Word: "extras", Meaning: "how many there are"}}
}
func (e *extra) Header(int) []pane.HeadLine {
	return []pane.HeadLine{{Left: []pane.Piece{{Text: "extra header"}}}}
}

// TestAnyPane: a pane needs the registry and nothing else of the frame: it gets
// lines where there is room, leaves where there is none, is gone to by Tab when
// it has something to show, and explains itself.
func TestAnyPane(t *testing.T) {
	s := newScreen(t, 100, 45, Options{})
	e := &extra{Screen: s.Screen, lines: 5}
	s.panes = slices.Insert(s.panes, 2, pane.Pane(e))
	shop(s, 4, 0)
	s.wants("extra\nextra\nextra\nextra\nextra\n", "GIL  4 of 5", "Basket.add", " extra header\n")
	s.press("tab", "tab")
	if s.Active != pane.Pane(e) {
		t.Errorf("Tab goes to %T", s.Active)
	}
	s.press("tab")
	if s.Active != pane.Pane(calls(s)) {
		t.Errorf("Tab goes on to %T", s.Active)
	}
	for y, line := range strings.Split(s.text(), "\n") {
		if line == "extra" {
			s.Update(tea.MouseClickMsg{X: 3, Y: y, Button: tea.MouseLeft})
			break
		}
	}
	if want := "click 3,0 of 5"; e.told[len(e.told)-1] != want || s.Active != pane.Pane(e) {
		t.Errorf("told %v, want %q", e.told, want)
	}
	s.Height = 24 // alone: it is looked at, and there is no room beside others
	s.wants("extra\nextra\nextra\nextra\nextra\n")
	s.lacks("Basket.add", "GIL  4")
	s.press("tab").lacks("\nextra\n")
	s.wants("Basket.add", "GIL  4")
	if help := strings.Join(s.helpPage().lines(100), "\n"); strings.Index(help, "calls/s") > strings.Index(help, "extras") || strings.Index(help, "extras") > strings.Index(help, "resumes/s") {
		t.Error("its number is not where its rank says")
	}
	e.lines = 0
	s.press("tab", "tab")
	if s.Active == pane.Pane(e) {
		t.Error("Tab goes to a pane that has nothing to show")
	}
	s.turnTo(s.fake, false)
	if e.told[len(e.told)-1] != "reset" {
		t.Errorf("told %v by another source", e.told)
	}
}

// TestLinesAddUp: no pane overlaps another, at any height, whatever is active.
func TestLinesAddUp(t *testing.T) {
	s := newScreen(t, 100, 45, Options{Log: &fakeLog{lines: []string{"one", "two"}}})
	e := &extra{Screen: s.Screen, lines: 9}
	s.panes = slices.Insert(s.panes, 2, pane.Pane(e))
	shop(s, 4, 0)
	logPane(s).Look()
	for _, active := range s.panes {
		s.Activate(active)
		for height := minHeight; height < 90; height++ {
			s.Height = height
			l := s.layout()
			y := l.y
			for _, a := range l.areas {
				if a.y < y || a.height < 1 || a.y+a.height > s.Height-l.foot {
					t.Errorf("%T active, %d lines: %T has %d lines from %d on, the body is %d from %d on", active, height, a.pane, a.height, a.y, l.body, l.y)
				}
				y = a.y + a.height
			}
		}
	}
}

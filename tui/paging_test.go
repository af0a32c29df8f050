package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/pane"
)

// deepShop is the shop with a stack of 40 frames to blame, some 30 functions to
// blame, and 40 threads.
func deepShop(t *testing.T, width, height int) *screen {
	s := newScreen(t, width, height, Options{})
	shop(s, 40, 0)
	g := &s.Shown.GILs[0]
	for i := range 40 {
		g.Blamed[0].Stack = append(g.Blamed[0].Stack, collect.Place{File: "/srv/app/deep.py", Function: fmt.Sprintf("frame_%02d", i), First: i + 1, Line: i + 1})
	}
	for i := range 30 {
		one := g.Blamed[1]
		one.Place.Function = fmt.Sprintf("other_%02d", i)
		g.Blamed = append(g.Blamed, one)
	}
	return s
}

// TestPageThreads: a page moves by what is drawn of the threads, zoomed or not.
func TestPageThreads(t *testing.T) {
	for _, keys := range [][]string{{"tab"}, {"tab", "z"}} {
		s := deepShop(t, 80, 24)
		s.press(keys...)
		rows := gils(s).Drawn()
		s.press("pgdown")
		if got := gils(s).Threads.Offset(rows); rows < 4 || got != rows-1 {
			t.Errorf("%v: of %d rows a page went to %d", keys, rows, got)
		}
		s.press("j", "pgdown")
		if at, ok := gils(s).Threads.Cursor(); !ok || at != 2*(rows-1) {
			t.Errorf("%v: the cursor is at %d", keys, at)
		}
	}
}

// TestPageBlame: in the blame view steps go from function to function, pages
// and the wheel through the stack of one, down to its end at 80x24.
func TestPageBlame(t *testing.T) {
	s := deepShop(t, 80, 24)
	s.press("b").lacks("frame_39")
	s.wants("PgUp PgDn scroll the stack")
	for range 20 {
		s.press("pgdown")
	}
	s.wants("frame_39", "▸    80 %")
	s.press("pgup")
	if last := strings.Contains(s.text(), "frame_39"); last {
		t.Errorf("a page up is less than a line:\n%s", s.text())
	}
	s.press("j").wants("mostly in this stack of 72 worker-2")
	s.press("k").wants("mostly in this stack of 71 worker-1")
	for range 20 {
		s.Update(tea.MouseWheelMsg{X: 10, Y: 15, Button: tea.MouseWheelDown})
	}
	s.wants("frame_39", "▸    80 %")
	if gils(s).Threads.Offset(gils(s).Drawn()) != 0 {
		t.Error("the wheel scrolled the threads that are not drawn")
	}
}

// TestPageDetails: pages and the wheel in a thread's details.
func TestPageDetails(t *testing.T) {
	s := deepShop(t, 80, 24)
	s.press("tab", "enter").lacks("frame_39")
	s.press("pgdown")
	if gils(s).Details.Scroll.Offset < 10 {
		t.Errorf("a page is %d lines", gils(s).Details.Scroll.Offset)
	}
	s.press("g")
	for range 20 {
		s.Update(tea.MouseWheelMsg{X: 10, Y: 10, Button: tea.MouseWheelDown})
	}
	s.wants("frame_39")
	if gils(s).Threads.Offset(gils(s).Drawn()) != 0 {
		t.Error("the wheel scrolled the threads that are not drawn")
	}
}

// TestPageLog: a page of the output is what is drawn of it.
func TestPageLog(t *testing.T) {
	log := &fakeLog{}
	for i := range 100 {
		log.lines = append(log.lines, fmt.Sprintf("line %d", i))
	}
	s := newScreen(t, 80, 24, Options{Log: log, Command: "shop"})
	s.run(1)
	logPane(s).Look()
	s.press("tab", "tab", "z", "pgup")
	if s.Active != pane.Pane(logPane(s)) || logPane(s).Back < 15 {
		t.Errorf("pane %v, %d lines back", s.Active, logPane(s).Back)
	}
}

// TestTopLog: at its top the output fills the pane.
func TestTopLog(t *testing.T) {
	log := &fakeLog{}
	for i := range 100 {
		log.lines = append(log.lines, fmt.Sprintf("line %d", i))
	}
	s := newScreen(t, 80, 24, Options{Log: log, Command: "shop"})
	s.run(1)
	logPane(s).Look()
	s.press("tab", "tab", "z", "g")
	rows := strings.Count(s.text(), "   line ")
	s.wants("   line 0\n", "   line 1\n", fmt.Sprintf("%d lines back", 100-rows))
	if rows < 15 {
		t.Errorf("%d lines in view:\n%s", rows, s.text())
	}
	s.press("j").wants("   line 1\n", fmt.Sprintf("   line %d\n", rows))
	s.press("G").wants("   line 99\n")
	log.lines = log.lines[:3]
	logPane(s).Look()
	s.press("k").wants("   line 0\n", "   line 2\n")
	s.lacks("lines back")
}

// TestNotMeasured: where there is nothing in the pane, keys and mouse do nothing.
func TestNotMeasured(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 32}} {
		for _, zoom := range []string{"", "z"} {
			s := newScreen(t, size[0], size[1], Options{})
			s.run(2).press("tab")
			if zoom != "" {
				s.press(zoom)
			}
			s.press("j", "pgdown", "k", "G", "g", "enter", "b", "c", "s")
			for y := range size[1] {
				s.Update(tea.MouseClickMsg{X: 9, Y: y, Button: tea.MouseLeft})
				s.press("tab")
				s.Update(tea.MouseWheelMsg{X: 9, Y: y, Button: tea.MouseWheelDown})
			}
			s.Activate(gils(s))
			s.wants("GIL  not measured")
			if gils(s).Blame.Open {
				t.Error("blame was opened")
			}
		}
	}
}

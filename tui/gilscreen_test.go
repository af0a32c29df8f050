package tui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"pytop/collect"
	"pytop/tui/pane"
)

// shop puts the shop on a screen, as of its third second.
func shop(s *screen, workers int, sampled time.Duration) { shopBounded(s, workers, sampled, "") }

// shopBounded is shop, with the reason why its GIL is a lower bound.
func shopBounded(s *screen, workers int, sampled time.Duration, why string) {
	prev, cur := shopReading(workers, 2), shopReading(workers, 3)
	cur.GILs[0].Sampled = sampled
	if why != "" {
		cur.GILs[0].Status, cur.Processes[0].GIL = collect.GILLowerBound, collect.ProcessGIL{Status: collect.GILLowerBound, Reason: why}
	}
	if sampled > 0 {
		cur.GILs[0].Status = collect.GILSampled
	}
	for n, snapshot := range []*collect.Snapshot{collect.Diff(shopReading(workers, 1), prev, 2), collect.Diff(prev, cur, 3)} {
		gils(s).Record(snapshot)
		s.session.seq, s.Latest = n+2, snapshot
		s.show(snapshot)
	}
}

// gilScenes are the states of the pane that are drawn for the goldens.
var gilScenes = map[string]func(s *screen){
	"few":       func(s *screen) { shop(s, 4, 0) },
	"active":    func(s *screen) { shop(s, 4, 0); s.press("tab") },
	"eight":     func(s *screen) { shop(s, 8, 0); s.press("tab") },
	"many":      func(s *screen) { shop(s, 12, 0); s.press("tab", "j", "j") },
	"counts":    func(s *screen) { shop(s, 4, 0); s.press("tab", "c") },
	"alone":     func(s *screen) { shop(s, 8, 0); s.press("tab", "z") },
	"manyalone": func(s *screen) { shop(s, 12, 0); s.press("tab", "z") },
	"sampled":   func(s *screen) { shop(s, 4, time.Second); s.press("tab") },
	"thread":    func(s *screen) { shop(s, 4, 0); s.press("tab", "enter") },
	"blame":     func(s *screen) { shop(s, 4, 0); s.press("b") },
	"bounded":   func(s *screen) { shopBounded(s, 4, 0, "2 takes or drops came out of turn"); s.press("tab") },
	"caused":    func(s *screen) { shop(s, 4, 0); s.press("j", "j", "enter") },
}

func TestGILScreen(t *testing.T) {
	sizes := map[string][2]int{"60x20": {60, 20}, "80x24": {80, 24}, "100x30": {100, 30}, "120x32": {120, 32}, "160x45": {160, 45}, "250x60": {250, 60}}
	for name, scene := range gilScenes {
		for size, wh := range sizes {
			t.Run(name+"/"+size, func(t *testing.T) {
				s := newScreen(t, wh[0], wh[1], Options{})
				scene(s)
				golden(t, s.text())
			})
		}
		t.Run(name+"/ascii", func(t *testing.T) {
			s := newScreen(t, 120, 32, Options{ASCII: true})
			scene(s)
			text := s.text()
			for _, r := range text {
				if r > 0x7f {
					t.Errorf("%q is not ASCII", r)
				}
			}
			golden(t, text)
		})
	}
}

// TestGILThemes keeps the styled bytes of the grid: in 16 colours and with
// none its shades are told apart by bold, and all of it by its numbers.
func TestGILThemes(t *testing.T) {
	themes := map[string]struct {
		dark    bool
		profile colorprofile.Profile
	}{
		"dark": {true, colorprofile.TrueColor}, "light": {false, colorprofile.TrueColor}, "dark256": {true, colorprofile.ANSI256},
		"dark16": {true, colorprofile.ANSI}, "light16": {false, colorprofile.ANSI}, "nocolor": {true, colorprofile.ASCII},
	}
	for name, theme := range themes {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t, 120, 32, Options{})
			s.dark, s.profile = theme.dark, theme.profile
			s.Styles = pane.NewStyles(s.dark, s.profile)
			gilScenes["eight"](s)
			var b bytes.Buffer
			w := colorprofile.Writer{Forward: &b, Profile: theme.profile}
			if _, err := w.WriteString(strings.Join(s.checked(), "\n") + "\n"); err != nil {
				t.Fatal(err)
			}
			golden(t, strings.ReplaceAll(b.String(), "\x1b", "␛"))
		})
	}
}

// TestGILEveryWidth draws every scene of the pane at every width and height up
// to 260×60.
func TestGILEveryWidth(t *testing.T) {
	for name, scene := range gilScenes {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t, 100, 30, Options{})
			scene(s)
			for w := 60; w <= 260; w += 1 + w/40 {
				for _, h := range []int{10, 13, 14, 20, 24, 27, 28, 32, 60} {
					s.Update(tea.WindowSizeMsg{Width: w, Height: h})
					s.checked()
				}
			}
		})
	}
}

// TestSampledCells: while fields are read only how long it was held is known,
// about; what was longest is at least that, and nothing reads 0.
func TestSampledCells(t *testing.T) {
	s := newScreen(t, 200, 45, Options{})
	shop(s, 3, time.Second)
	s.press("tab", "z").wants("~60 %", "≥212 ms", "~90 % held", "estimates", "not measured: its fields are read", "blame: not measured")
	for i := range gils(s).Threads.Len() {
		row := gils(s).Threads.Row(i)
		for _, c := range gils(s).Threads.Columns {
			switch text := c.Cell(row, c.Width); c.Field {
			case "wait_share", "holds_per_s", "caused_wait_share", "hold_hist":
				if text != "?" {
					t.Errorf("%s of %s is %q", c.Field, row.Name, text)
				}
			}
		}
	}
	s.press("enter").wants("holds   ≥90, ~1.8 s in all, longest ≥212 ms")
	shop(s, 3, 0) // it is calm again: what the interval says is known
	s.press("esc").wants("60 %", "212 ms")
	s.lacks("~", "≥")
}

// TestBlame: b, and Enter on the line below the threads, show the functions
// that made others wait and the stack; a function's own details do as well.
func TestBlame(t *testing.T) {
	s := newScreen(t, 120, 32, Options{})
	shop(s, 4, 0)
	s.press("b").wants("BLAME", "▸    80 %        2.4 s  Basket.discount", "mostly in this stack of 71 worker-1:", "Cart.total", "cart.py:9")
	s.press("j").wants("▸   1.0 %", "mostly in this stack of 72 worker-2:")
	s.press("esc").lacks("mostly in this stack")
	for range 6 { // five threads, then the line
		s.press("j")
	}
	s.wants("▸ blame: Basket.discount")
	s.press("enter").wants("mostly in this stack of 71 worker-1:")
	s.press("b").lacks("mostly in this stack")
	s.press("k").lacks("▸ blame")
	if at, ok := gils(s).Threads.Cursor(); !ok || at != 4 {
		t.Errorf("cursor at %d %v", at, ok)
	}
	s.press("tab", "j", "j", "enter").wants("DETAILS", "Basket.discount", "caused wait 80 % now   2.4 s in all", "worker-1:", "cart.py:9")
	s.press("esc")
	shop(s, 4, time.Second)
	s.press("b").wants("?       ≥2.4 s")
}

// TestBlameMouse: a click on the blame line opens the blame, wherever it is.
func TestBlameMouse(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 32}} {
		for _, workers := range []int{2, 4, 12} {
			for _, keys := range [][]string{nil, {"tab"}, {"tab", "z"}} {
				s := newScreen(t, size[0], size[1], Options{})
				shop(s, workers, 0)
				s.press(keys...)
				for y, line := range strings.Split(s.text(), "\n") {
					if strings.HasPrefix(line, " blame:") {
						s.Update(tea.MouseClickMsg{X: 9, Y: y, Button: tea.MouseLeft})
					}
				}
				if !gils(s).Blame.Open {
					t.Errorf("%v, %d threads, %v: not opened\n%s", size, workers, keys, s.text())
				}
			}
		}
	}
}

// TestThreadOthers: who made a thread wait, and whom it made wait.
func TestThreadOthers(t *testing.T) {
	s := newScreen(t, 120, 40, Options{})
	shop(s, 4, 0)
	s.press("tab", "j", "j", "enter").wants("made to wait by  worker-1 25 %, 750 ms in all")
	s.press("esc", "g", "enter").wants("THREAD  71  worker-1", "made wait        worker-2 25 %, 750 ms in all", "worker-4 25 %", "long    14:00:13  held it for 212 ms at least  Basket.discount")
	s.Height = 14
	before := s.text()
	if s.press("j", "j", "j"); s.text() == before {
		t.Error("details that do not fit do not scroll")
	}
}

// TestLongestAfterSampling: that fields were read for a time stays true of what
// was the longest: the list says as the details do.
func TestLongestAfterSampling(t *testing.T) {
	prev, cur := shopReading(4, 2), shopReading(4, 3)
	prev.GILs[0].Sampled, cur.GILs[0].Sampled = time.Second, time.Second
	s := newScreen(t, 160, 45, Options{})
	s.show(collect.Diff(prev, cur, 3))
	if s.Shown.GILs[0].Estimated {
		t.Fatal("its fields are read")
	}
	s.press("tab").wants("≥212 ms", "≥209 ms")
	for i := range gils(s).Threads.Len() {
		row := gils(s).Threads.Row(i)
		for _, c := range gils(s).Threads.Columns {
			switch text := c.Cell(row, c.Width); c.Field {
			case "hold_max_s", "wait_max_s":
				if !strings.HasPrefix(text, "≥") && text != "?" {
					t.Errorf("%s of %s is %q", c.Field, row.Name, text)
				}
			case "hold_share", "wait_share":
				if strings.HasPrefix(text, "≥") || text == "?" {
					t.Errorf("%s of %s is %q: the interval was measured", c.Field, row.Name, text)
				}
			}
		}
	}
	s.press("enter").wants("longest ≥212 ms")
}

// TestSortedTitles: a column's title and how it is sorted are whole.
func TestSortedTitles(t *testing.T) {
	for _, width := range []int{60, 80, 120, 160} {
		s := newScreen(t, width, 45, Options{})
		shop(s, 4, 0)
		gils(s).Threads.Sort("hold_max_s", true)
		s.wants("longest hold ▼")
		gils(s).Threads.Sort("wait_max_s", false)
		s.wants("longest wait ▲")
		s.show(collect.Diff(freeReading(1), freeReading(2), 2))
		gils(s).Threads.Sort("pause_max_s", true)
		s.wants("longest pause ▼")
	}
	s := newScreen(t, 80, 24, Options{})
	shop(s, 4, 0)
	gils(s).Threads.Sort("wait_max_s", true)
	s.wants("takes/s  longest hold  longest wait ▼")
}

// TestBlameUnmeasured: where the GIL was not measured nobody knows who waited.
func TestBlameUnmeasured(t *testing.T) {
	prev, cur := shopReading(4, 2), shopReading(4, 3)
	cur.GILs[0].Measured, cur.GILs[0].Blame = prev.GILs[0].Measured, prev.GILs[0].Blame
	s := newScreen(t, 120, 40, Options{})
	s.show(collect.Diff(prev, cur, 3))
	s.wants("blame: not measured in the last interval")
	s.press("b").wants("?        1.6 s  Basket.discount")
	s.lacks("nobody had to wait")
	cur.GILs[0].Blame, cur.GILs[0].Status = nil, collect.GILOff
	s.show(collect.Diff(prev, cur, 3))
	s.wants("not measured in the last interval")
	s.lacks("nobody had to wait")
	calm := shopReading(4, 3)
	calm.GILs[0].Blame = nil
	s.show(collect.Diff(prev, calm, 3))
	s.wants("nobody had to wait")
	s.Shown.GILs[0].Sampled = time.Second // before
	s.wants("nobody was seen to wait")
}

// TestGrid: up to eight threads are a grid, more are pairs; a pair that did not
// switch is 0, a thread with itself does not apply.
func TestGrid(t *testing.T) {
	s := newScreen(t, 160, 45, Options{})
	for workers, grid := range map[int]bool{2: true, 8: true, 9: false} {
		shop(s, workers, 0)
		if strings.Contains(s.text(), "from row to column") != grid {
			t.Errorf("%d threads, grid %v:\n%s", workers, grid, s.text())
		}
	}
	shop(s, 3, 0)
	s.wants("1 worker-1   —  18 9.0", "2 worker-2 9.0   —   0", "3 worker-3 4.0 1.0   —")
	s.press("tab", "c").wants("SWITCHES in all", "1 worker-1   —  54  27", "2 worker-2  27   —   0", "3 worker-3  13   3   —")
	s.press("c").wants("SWITCHES/s")
}

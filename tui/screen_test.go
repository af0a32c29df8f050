package tui

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"pytop/collect"
	"pytop/tui/pane"
)

// update tells whether goldens are written anew: -update, which teatest
// brings.
func update() bool { return flag.Lookup("update").Value.String() == "true" }

// screen is a model with a made-up source and a clock that stands still.
type screen struct {
	*Model
	t     *testing.T
	fake  *fake
	clock time.Time
	msgs  []tea.Msg // that commands brought and nobody took
}

func newScreen(t *testing.T, width, height int, o Options) *screen {
	t.Helper()
	s := &screen{t: t, clock: fakeStart}
	s.fake = newFake(func() time.Time { return s.clock })
	o.Source = s.fake
	o.Version = "pytop 0.1.0"
	s.Model = New(o)
	s.Now = func() time.Time { return s.clock }
	s.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return s
}

// readings lets n intervals pass.
func (s *screen) readings(n int) *screen {
	for range n {
		s.clock = s.clock.Add(s.delay)
		s.session.inFlight = false
		s.Update(s.session.read()())
	}
	return s
}

// run starts it: a first reading, then n more.
func (s *screen) run(n int) *screen {
	s.Update(s.session.read()())
	return s.readings(n)
}

// press sends keys and runs what they ask for, except ticks.
func (s *screen) press(names ...string) *screen {
	for _, name := range names {
		_, cmd := s.Update(keyPress(name))
		s.do(cmd)
	}
	return s
}

func (s *screen) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	got := make(chan tea.Msg, 1)
	go func() { got <- cmd() }()
	select {
	case msg := <-got:
		switch msg := msg.(type) {
		case tea.BatchMsg:
			for _, c := range msg {
				s.do(c)
			}
		case controlMsg, exportMsg, readingMsg:
			_, next := s.Update(msg)
			s.do(next)
		default:
			s.msgs = append(s.msgs, msg)
		}
	case <-time.After(20 * time.Millisecond): // a tick
	}
}

// text is the frame without colours, checked line by line.
func (s *screen) text() string {
	s.t.Helper()
	lines := s.checked()
	for i := range lines {
		lines[i] = strings.TrimRight(ansi.Strip(lines[i]), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func (s *screen) checked() []string {
	s.t.Helper()
	lines := s.lines()
	if len(lines) > s.Height {
		s.t.Errorf("%d lines on a screen of %d", len(lines), s.Height)
	}
	for i, line := range lines {
		if w, wc := ansi.StringWidth(line), ansi.StringWidthWc(line); w > s.Width || wc != w {
			s.t.Errorf("line %d is %d (or %d) cells wide on a screen of %d: %q", i, w, wc, s.Width, ansi.Strip(line))
		}
	}
	return lines
}

func (s *screen) wants(parts ...string) {
	s.t.Helper()
	text := s.text()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			s.t.Errorf("the screen does not say %q:\n%s", part, text)
		}
	}
}

func (s *screen) lacks(parts ...string) {
	s.t.Helper()
	text := s.text()
	for _, part := range parts {
		if strings.Contains(text, part) {
			s.t.Errorf("the screen says %q:\n%s", part, text)
		}
	}
}

// names is the functions in view, in order.
func (s *screen) names() []string {
	var out []string
	for i := range calls(s).Rows.Len() {
		out = append(out, calls(s).Rows.Row(i).Code.Function)
	}
	return out
}

// golden compares with the file named like the test.
func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", t.Name()+".golden")
	if update() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// scenes are the states that are drawn for the goldens.
var scenes = map[string]func(s *screen){
	"busy":      func(s *screen) { s.run(30) },
	"cursor":    func(s *screen) { s.run(30).press("j", "j", "j") },
	"first":     func(s *screen) { s.run(0) },
	"attaching": func(s *screen) { s.Source = nil },
	"idle":      func(s *screen) { s.run(9); s.fake.quiet = true; s.readings(2) },
	"stopped":   func(s *screen) { s.run(3); s.fake.quiet, s.fake.state = true, collect.Stopped; s.readings(1) },
	"filter":    func(s *screen) { s.run(9).press("/", "s", "q", "l") },
	"nomatch":   func(s *screen) { s.run(9).press("/", "z", "z", "enter") },
	"paused":    func(s *screen) { s.run(9).press("space") },
	"braked":    func(s *screen) { s.run(9).press("x"); s.readings(2) },
	"gap":       func(s *screen) { s.run(9).press("x"); s.readings(35).press("x"); s.message.text = ""; s.readings(2) },
	"details":   func(s *screen) { s.run(120).press("j", "j", "enter"); s.readings(5) },
	"generator": func(s *screen) { s.run(70).press("j", "j", "j", "j", "enter"); s.readings(3) },
	"help":      func(s *screen) { s.run(3).press("?") },
	"ended":     func(s *screen) { s.run(20); s.fake.ended = "process 4711 ended at 14:00:33"; s.readings(1) },
	"gil":       func(s *screen) { s.run(3).press("tab", "z") },
	"byfile":    func(s *screen) { s.run(9).press("<", "<") },
	"budget": func(s *screen) {
		s.fake.over, s.fake.status, s.fake.reason = true, collect.Off, "counting would take ~71 % of its time (310412 calls/s, 0 resumes/s), the budget is 50 % (--budget)"
		s.run(2)
	},
	"lost": func(s *screen) {
		s.fake.status, s.fake.reason = collect.LowerBound, "the JIT runs: calls inside its traces cannot be seen"
		s.fake.lost = []collect.Loss{{Cause: "map_full", Text: "calls of functions for which the map had no room", Count: 1319}}
		s.run(9)
	},
	"quit": func(s *screen) { s.Command = "python3 app.py"; s.run(3).press("q") },
	"log": func(s *screen) {
		s.Command, s.Log = "python3 app.py --port 80", &fakeLog{lines: []string{"starting", "\x1b[32mready\x1b[0m on :80", "GET /cart 200 12 ms"}}
		s.run(3).Update(logTick())
	},
	"nolog": func(s *screen) {
		s.Command, s.Log = "python3 app.py --port 80", &fakeLog{}
		s.run(3).Update(logTick())
	},
	"exportto": func(s *screen) {
		s.o.ExportTo = func(*collect.Snapshot, []string, string) (Written, error) { return Written{}, nil }
		s.run(3).press("E", "tab")
	},
}

func TestScreen(t *testing.T) {
	sizes := map[string][2]int{"60x20": {60, 20}, "80x24": {80, 24}, "100x30": {100, 30}, "160x45": {160, 45}, "250x60": {250, 60}}
	for name, scene := range scenes {
		for size, wh := range sizes {
			t.Run(name+"/"+size, func(t *testing.T) {
				s := newScreen(t, wh[0], wh[1], Options{})
				scene(s)
				golden(t, s.text())
			})
		}
		t.Run(name+"/ascii", func(t *testing.T) {
			s := newScreen(t, 100, 30, Options{ASCII: true})
			scene(s)
			text := s.text()
			for _, r := range text {
				if r > 0x7f && !strings.ContainsRune("Modèlesprix_éuitdon计算折扣商店价格", r) {
					t.Errorf("%q is not ASCII", r)
				}
			}
			golden(t, text)
		})
	}
}

// TestThemes keeps the styled bytes, reduced as the renderer reduces them.
func TestThemes(t *testing.T) {
	themes := map[string]struct {
		dark    bool
		profile colorprofile.Profile
	}{
		"dark": {true, colorprofile.TrueColor}, "light": {false, colorprofile.TrueColor}, "dark256": {true, colorprofile.ANSI256},
		"dark16": {true, colorprofile.ANSI}, "light16": {false, colorprofile.ANSI}, "nocolor": {true, colorprofile.ASCII},
	}
	for name, theme := range themes {
		for _, scene := range []string{"cursor", "details", "lost", "braked"} {
			t.Run(scene+"/"+name, func(t *testing.T) {
				s := newScreen(t, 100, 30, Options{})
				s.dark, s.profile = theme.dark, theme.profile
				s.Styles = pane.NewStyles(s.dark, s.profile)
				scenes[scene](s)
				var b bytes.Buffer
				w := colorprofile.Writer{Forward: &b, Profile: theme.profile}
				if _, err := w.WriteString(strings.Join(s.checked(), "\n") + "\n"); err != nil {
					t.Fatal(err)
				}
				golden(t, strings.ReplaceAll(b.String(), "\x1b", "␛"))
			})
		}
	}
}

// TestEveryWidth draws every scene at every width and height up to 200×60.
func TestEveryWidth(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t, 100, 30, Options{})
			scene(s)
			for w := 1; w <= 200; w += 1 + w/40 {
				for _, h := range []int{1, 9, 10, 13, 14, 24, 27, 28, 60} {
					s.Update(tea.WindowSizeMsg{Width: w, Height: h})
					s.checked()
				}
			}
		})
	}
}

func TestTooSmall(t *testing.T) {
	s := newScreen(t, 59, 24, Options{}).run(2)
	if got := s.text(); got != "pytop needs 60×10, this is 59×24\n" {
		t.Errorf("got %q", got)
	}
	s.Update(tea.WindowSizeMsg{Width: 60, Height: 10})
	s.wants("Query._compile_state", "calls/s")
}

var errFake = errors.New("made up")

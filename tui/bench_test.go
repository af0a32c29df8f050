package tui

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
	"pytop/tui/panetest"
)

// manyReadings is a source of 65,536 functions that are all called.
type manyReadings struct{ *panetest.Readings }

func newManyReadings() *manyReadings { return &manyReadings{panetest.NewReadings()} }

func (m *manyReadings) Read() (*collect.Reading, error) { return m.Next(), nil }
func (m *manyReadings) Close() error                    { return nil }

func manyScreen(source *manyReadings, readings int) *Model {
	s := New(Options{Source: source})
	s.Update(tea.WindowSizeMsg{Width: 160, Height: 45})
	for range readings {
		s.Update(s.session.read()())
	}
	return s
}

// BenchmarkFrame65536 is what a key costs: it is done, and a frame is drawn.
func BenchmarkFrame65536(b *testing.B) {
	s := manyScreen(newManyReadings(), 5)
	down := keyPress("j")
	b.ReportAllocs()
	for b.Loop() {
		s.Update(down)
		s.View()
	}
}

// BenchmarkUpdateReading65536 is what a reading costs where keys wait: it is
// taken in, sorted, and a frame is drawn. Its snapshot is made elsewhere.
func BenchmarkUpdateReading65536(b *testing.B) {
	for _, field := range []string{"calls_per_s", "function"} {
		b.Run(field, func(b *testing.B) {
			source := newManyReadings()
			s := manyScreen(source, 5)
			calls(s).Rows.First(field)
			msgs := make([]tea.Msg, 8)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%len(msgs) == 0 {
					b.StopTimer()
					for i := range msgs {
						msgs[i] = s.session.read()()
						s.session.last = source.Last
					}
					b.StartTimer()
				}
				s.Update(msgs[n%len(msgs)])
				s.View()
			}
		})
	}
}

func BenchmarkSort65536(b *testing.B) {
	s := manyScreen(newManyReadings(), 5)
	b.ReportAllocs()
	for b.Loop() {
		s.press(keyPress("s"))
		s.View()
	}
}

func BenchmarkFilter65536(b *testing.B) {
	s := manyScreen(newManyReadings(), 5)
	b.ReportAllocs()
	for b.Loop() {
		calls(s).SetFilter("module99")
		s.View()
		calls(s).SetFilter("Zz")
	}
}

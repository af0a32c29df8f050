package tui

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"pytop/collect"
)

const many = 65536

// manyReadings makes readings of 65,536 functions that are all called.
type manyReadings struct {
	r     *rand.Rand
	codes []*collect.Code
	last  *collect.Reading
}

func newManyReadings() *manyReadings {
	m := &manyReadings{r: rand.New(rand.NewPCG(1, 2))}
	for i := range many {
		m.codes = append(m.codes, &collect.Code{ID: uint64(i + 1), PID: 4711, Line: i % 2000,
			File:     fmt.Sprintf("/srv/app/.venv/lib/python3.14/site-packages/package%d/module%d.py", i%97, i%1013),
			Function: fmt.Sprintf("Class%d.method_%d", i%5003, i)})
	}
	m.last = &collect.Reading{Time: fakeStart, Since: fakeStart, Host: "web-1", Codes: make([]collect.CodeCount, many)}
	for i := range m.last.Codes {
		m.last.Codes[i].Code = m.codes[i]
	}
	m.last.Processes = []collect.ProcessReading{{Process: &collect.Process{PID: 4711, Python: "3.14.6"}, State: collect.Running, Status: collect.Exact}}
	return m
}

func (m *manyReadings) next() *collect.Reading {
	r := *m.last
	r.Time = r.Time.Add(time.Second)
	r.Codes = append([]collect.CodeCount{}, r.Codes...)
	p := r.Processes[0]
	p.Counted += time.Second
	for i := range r.Codes {
		n := uint64(m.r.IntN(20000))
		r.Codes[i].Calls += n
		p.Calls += n
	}
	r.Processes = []collect.ProcessReading{p}
	m.last = &r
	return &r
}

func (m *manyReadings) Read() (*collect.Reading, error) { return m.next(), nil }
func (m *manyReadings) Close() error                    { return nil }

func manyScreen(source *manyReadings, readings int) *Model {
	s := New(Options{Source: source})
	s.Update(tea.WindowSizeMsg{Width: 160, Height: 45})
	for range readings {
		s.Update(s.read()())
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
			s.sortBy(field)
			msgs := make([]tea.Msg, 8)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%len(msgs) == 0 {
					b.StopTimer()
					for i := range msgs {
						msgs[i] = s.read()()
						s.last = source.last
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
		s.setFilter("module99")
		s.View()
		s.setFilter("Zz")
	}
}

// TestHistoryMemory: the histories of 65,536 functions stay under 16 MB.
func TestHistoryMemory(t *testing.T) {
	source := newManyReadings()
	var h history
	prev := source.next()
	before := heap()
	for i := range 8 {
		cur := source.next()
		h.add(collect.Diff(prev, cur, i+1))
		prev = cur
	}
	if got := int64(heap()) - int64(before); got > 16e6 {
		t.Errorf("%d bytes", got)
	}
	if v := h.last(1, 3); len(v) != 3 || v[2] == 0 {
		t.Errorf("the last points are %v", v)
	}
	runtime.KeepAlive(source)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

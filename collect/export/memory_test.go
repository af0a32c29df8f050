package export

import (
	"bufio"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"pytop/collect"
)

// long is a name of 70 kB in which everything is escaped.
var long = strings.Repeat("\u202e=", 70<<10/4)

// heavy is a snapshot with long names everywhere, which takes little memory
// since they are all the same, and is some sixty megabytes when written.
func heavy() *collect.Snapshot {
	s := named(long)
	place := collect.Place{File: long, Function: long, Line: 1}
	stack := make([]collect.Place, 30)
	for i := range stack {
		stack[i] = place
	}
	for range 50 {
		s.Functions = append(s.Functions, s.Functions[0])
		s.Threads = append(s.Threads, s.Threads[0])
	}
	g := &s.GILs[0]
	g.Blamed[0].Stack, g.LongHolds[0].Stack, g.LongWaits[0].Stack, g.LongWaits[0].HolderStack = stack, stack, stack, stack
	return s
}

// meter is a stream that takes everything and looks at the heap meanwhile.
type meter struct {
	took, looked int
	peak         uint64
}

func (m *meter) Write(data []byte) (int, error) {
	m.took += len(data)
	if m.took-m.looked > 1<<20 {
		m.looked = m.took
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		m.peak = max(m.peak, now.HeapAlloc)
	}
	return len(data), nil
}

// TestLongNames: however much is written, little of it is in memory.
func TestLongNames(t *testing.T) {
	const most = 24 << 20
	s := heavy()
	d := &collect.Dump{Process: &collect.Process{}, Threads: []collect.DumpThread{{Name: long, Stack: s.GILs[0].Blamed[0].Stack}}}
	writers := map[string]func(w io.Writer) error{
		"JSON":       func(w io.Writer) error { return writeJSON(w, s, Options{Top: 45}, "\n") },
		"dump":       func(w io.Writer) error { return PrintDump(w, d) },
		"JSON dump":  func(w io.Writer) error { return WriteDump(w, d, "1") },
		"CSV stream": func(w io.Writer) error { return mustWriter(t, w, CSV).Write(s) },
		"CSV": func(w io.Writer) error {
			for _, table := range tables {
				if err := table.write(bufio.NewWriter(w), s, Options{}, true); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			debug.FreeOSMemory()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			m := &meter{}
			if err := write(m); err != nil {
				t.Fatal(err)
			}
			grew := int64(m.peak) - int64(before.HeapAlloc)
			t.Logf("wrote %d MB, and the heap grew by %d MB at most", m.took>>20, grew>>20)
			if m.took < 6<<20 || grew > most {
				t.Errorf("wrote %d bytes, and the heap grew by %d, more than %d", m.took, grew, most)
			}
		})
	}
}

func mustWriter(t *testing.T, w io.Writer, format Format) Writer {
	t.Helper()
	writer, err := NewWriter(w, format, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return writer
}

func BenchmarkLongNames(b *testing.B) {
	s := heavy()
	for _, format := range []Format{JSONL, CSV} {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := &meter{}
				w, err := NewWriter(m, format, Options{})
				if err == nil {
					err = w.Write(s)
				}
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(m.took))
			}
		})
	}
}

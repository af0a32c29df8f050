package calls

import (
	"fmt"
	"testing"

	"pytop/collect"
	"pytop/collect/live/target"
)

// TestFold: of a process that makes functions for ever, each with another name,
// not more and more are kept; none of their calls is missing, and what was
// counted before is not in the interval in which they are added up.
func TestFold(t *testing.T) {
	table := newFunctions()
	p := &process{Process: &target.Process{Info: &collect.Process{PID: 7}}, links: &links{}}
	const perPoll = 10000
	var prev *collect.Reading
	made, most := uint64(0), 0
	for poll := uint64(1); poll <= 20; poll++ {
		main := table.of(p, objectName{"server.py", "serve", 1}, false)
		main.seen, main.now = poll, counts{calls: poll * perPoll}
		for range perPoll {
			f := table.of(p, objectName{"<string>", fmt.Sprint("generated_", made), 1}, false)
			f.done.add(counts{calls: 3, resumes: 1})
			if poll == 1 {
				f.base = counts{calls: 1}
			}
			made++
		}
		before := table.totals()[p]
		table.fold(poll, 0)
		if after := table.totals()[p]; after != before {
			t.Fatalf("poll %d: %+v in all, %+v before", poll, after, before)
		}
		most = max(most, len(table.all))
		r := &collect.Reading{Codes: table.reading()}
		var sum counts
		for _, c := range r.Codes {
			sum.add(counts{c.Calls, c.Resumes})
		}
		if want := (counts{poll*perPoll + 3*made - perPoll, made}); sum != want {
			t.Fatalf("poll %d: %+v read, want %+v", poll, sum, want)
		}
		if prev != nil {
			var delta counts
			for _, f := range collect.Diff(prev, r, 2).Functions {
				delta.add(counts{f.CallsDelta, f.ResumesDelta})
				if f.Code.More && f.CallsDelta > 3*perPoll {
					t.Errorf("poll %d: %d calls of functions that are not kept, of at most %d in the interval", poll, f.CallsDelta, 3*perPoll)
				}
			}
			if want := (counts{4 * perPoll, perPoll}); delta != want {
				t.Errorf("poll %d: the functions grew by %+v, want %+v", poll, delta, want)
			}
		}
		prev = r
	}
	if most*functionSize > mostFreed+perPoll*functionSize || len(table.byKey) != len(table.all) {
		t.Errorf("%d functions at most, %d by name, %d now", most, len(table.byKey), len(table.all))
	}
	if row := table.of(p, rest, false); !row.code.More || row.done.calls == 0 || table.byID(row.code.ID) != row {
		t.Errorf("%+v", row)
	}
	table.drop(map[*process]bool{p: true}, 0)
	if row := table.of(nil, restOfEnded, false); row.code.More || row.done.calls == 0 || len(table.all) != table.ended {
		t.Errorf("when it has ended: %+v, %d functions", row, len(table.all))
	}
}

// TestFoldNot: what must stay by its name does: living functions, the focused
// one, and all while a process is detached, when none is known to live.
func TestFoldNot(t *testing.T) {
	const many = 100000
	for _, test := range []struct {
		name  string
		links *links
		seen  uint64
		focus uint64
		want  int
	}{
		{"freed", &links{}, 1, 0, 1},
		{"focused", &links{}, 1, 17, 2},
		{"living", &links{}, 2, 0, many},
		{"detached", nil, 1, 0, many},
	} {
		table := newFunctions()
		p := &process{Process: &target.Process{Info: &collect.Process{PID: 7}}, links: test.links}
		for i := range many {
			table.of(p, objectName{"a.py", fmt.Sprint("f", i), i}, false).seen = test.seen
		}
		table.fold(2, test.focus)
		if len(table.all) != test.want {
			t.Errorf("%s: %d functions, want %d", test.name, len(table.all), test.want)
		}
	}
}

// TestFoldAll: many processes that are each below the bound are not above it
// together; those with most go first.
func TestFoldAll(t *testing.T) {
	table := newFunctions()
	const each = 30000 // 15 MiB
	for i := range 12 {
		p := &process{Process: &target.Process{Info: &collect.Process{PID: 1 + i}}, links: &links{}}
		for k := range each + 100*i {
			table.of(p, objectName{"", fmt.Sprint("f", k), 1}, false)
		}
	}
	table.fold(1, 0)
	left := map[int]int{}
	for _, f := range table.all {
		left[f.code.PID]++
	}
	if size := table.names + functionSize*len(table.all); size > mostFreedOfAll || size < mostFreedOfAll/2 || left[1] != each || left[12] != 1 {
		t.Errorf("%d MiB, by process %v", size>>20, left)
	}
}

// TestLongNames: names are as long as a process likes, of functions that live
// too; there is an end to what is kept of them.
func TestLongNames(t *testing.T) {
	table := newFunctions()
	p := &process{Process: &target.Process{Info: &collect.Process{PID: 7}}, links: &links{}}
	long := string(make([]byte, maxText)) // shared, so that this test is small
	const number = 10000
	for i := range number {
		f := table.of(p, objectName{long, long, i}, false)
		f.seen = 1
		f.now.add(counts{calls: 1})
	}
	if table.names > mostNames+2*maxText {
		t.Errorf("%d MiB of names", table.names>>20)
	}
	if sum := table.totals()[p]; sum.calls != number {
		t.Errorf("%d calls, want %d", sum.calls, number)
	}
	table.drop(map[*process]bool{p: true}, 0)
	if table.names > mostEndedNames+2*maxText || table.endedBy != table.names {
		t.Errorf("%d MiB of names of ended processes", table.names>>20)
	}
	var sum uint64
	for _, c := range table.reading() {
		sum += c.Calls
	}
	if sum != number {
		t.Errorf("%d calls of ended processes, want %d", sum, number)
	}
}

package gil

import (
	"cmp"
	"slices"
	"time"

	"pytop/collect"
	"pytop/tui/format"
)

// counts is what a thread did with the GIL, or waited for without one.
// Where its fields were read for a time, or not all was seen, more may have
// gone by.
func (v *Details) counts(t *collect.ThreadRow, width int) []string {
	if !t.Measured {
		return nil
	}
	if t.NoGIL {
		return v.waitLines(t, width)
	}
	atLeast := v.sumMark(t.PID)
	about := atLeast
	if v.part(t.PID) {
		about = v.Signs.Estimate
	}
	longest := func(n uint64, d time.Duration) string {
		if n == 0 && d == 0 {
			return ""
		}
		return ", longest " + atLeast + v.Signs.Duration(d)
	}
	all := func(n uint64, d time.Duration, mark string) string {
		switch {
		case n == 0 && d == 0 && atLeast != "":
			return v.Signs.Unknown
		case n == 0 && d == 0:
			return "none"
		}
		return atLeast + format.Count(n) + ", " + mark + v.Signs.Duration(d) + " in all"
	}
	texts := []string{"holds   " + all(t.Holds, t.Hold, about) + longest(t.Holds, t.HoldMax) + ", " + atLeast + format.Count(t.Forced) + " forced drops"}
	if t.Holds > 0 {
		texts = append(texts, "        "+histogram(v.Signs, t.HoldHist))
	}
	texts = append(texts, "waits   "+all(t.Waits, t.Wait, atLeast)+longest(t.Waits, t.WaitMax))
	if t.Waits > 0 {
		texts = append(texts, "        "+histogram(v.Signs, t.WaitHist))
	}
	texts = append(texts, "caused  "+atLeast+v.Signs.Duration(t.Caused)+" of waiting while it held the GIL")
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = "   " + v.Signs.CutRight(text, width-4)
	}
	return lines
}

// others is who made a thread wait, and whom it made wait.
func (v *Details) others(g *collect.GILRow, t *collect.ThreadRow, width int) []string {
	var lines []string
	for _, one := range []struct {
		head string
		pick func(p *collect.GILPairRow) (id uint64, other int, ok bool)
	}{
		{"made to wait by  ", func(p *collect.GILPairRow) (uint64, int, bool) { return p.From, p.FromTID, p.To == t.ID }},
		{"made wait        ", func(p *collect.GILPairRow) (uint64, int, bool) { return p.To, p.ToTID, p.From == t.ID }},
	} {
		var found []string
		for _, p := range longestWaits(g.PairRows) {
			id, tid, ok := one.pick(&p)
			if !ok || p.Wait == 0 || len(found) == mostOthersShown {
				continue
			}
			share := ""
			if g.Counting && !g.Estimated {
				share = " " + v.gilMark(g.PID) + format.HeadPercent(p.WaitShare) + ","
			}
			found = append(found, v.pairName(g.PID, id, tid)+share+" "+v.sumMark(g.PID)+v.Signs.Duration(p.Wait)+" in all")
		}
		for i, text := range found {
			head := one.head
			if i > 0 {
				head = format.Blank(len(head))
			}
			lines = append(lines, "   "+v.Signs.CutRight(head+text, width-4))
		}
	}
	return lines
}

// blamed is in which functions a thread made others wait, and in what
// stacks.
func (v *Details) blamed(g *collect.GILRow, t *collect.ThreadRow, width int) []string {
	var lines []string
	for i := range g.Blamed {
		b := &g.Blamed[i]
		if b.Thread != t.TID || b.Place.Function == "" || b.Wait == 0 {
			continue
		}
		lines = append(lines, "")
		lines = append(lines, "   "+v.Signs.CutRight(blameName(b)+" made others wait "+v.sumMark(g.PID)+v.Signs.Duration(b.Wait)+", mostly in this stack:", width-4))
		lines = append(lines, v.frames(b.Stack, width)...)
	}
	return lines
}

// mostOthersShown is how many threads are listed that made one wait.
const mostOthersShown = 4

// longestWaits are pairs of threads, what waited most in the interval first.
func longestWaits(pairs []collect.GILPairRow) []collect.GILPairRow {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b collect.GILPairRow) int {
		return cmp.Or(cmp.Compare(b.WaitShare, a.WaitShare), cmp.Compare(b.Wait, a.Wait))
	})
	return pairs
}

package tui

import (
	"strings"
	"testing"

	"pytop/collect"
	"pytop/tui/pane"
)

// TestAlertsFold: on screens of 24 lines an alert has a second line for its
// reason; how many more there are is never cut off.
func TestAlertsFold(t *testing.T) {
	const why = "a JIT compiler runs in it, and calls inside of its compiled traces cannot be seen by anybody from outside"
	s := newScreen(t, 80, 24, Options{})
	s.fake.status, s.fake.reason = collect.LowerBound, why
	s.run(2)
	s.wants("! lower bound: a JIT compiler", "anybody from outside")
	s.Height = 23
	s.lacks("anybody from outside")
	s.wants("! lower bound: a JIT compiler", "…")
	for _, n := range []uint64{1, 2, 3, 4, 5} {
		s.fake.lost = append(s.fake.lost, collect.Loss{Cause: "map_full", Text: "calls of functions for which the map had no room, and which are therefore not among all those that are shown here", Count: n})
	}
	s.readings(1)
	for height, more := range map[int]string{20: "(and 4 more)", 24: "(and 4 more)", 40: "(and 2 more)"} {
		s.Height = height
		s.wants(more)
	}
}

// TestMessageFolds: why a process of the list cannot be watched is said in full.
func TestMessageFolds(t *testing.T) {
	const why = "attach to process 5002: /usr/bin/python3.16: CPython 3.16 is newer than this pytop knows, which goes up to 3.15; a newer pytop may know it"
	s, _ := listScreen(t, 80, 24, false)
	s.Update(watchedMsg{err: errorText(why)})
	text := strings.Join(strings.Fields(s.text()), " ")
	if !strings.Contains(text, why) {
		t.Error(s.text())
	}
	if s.press("j"); s.layout().foot != 1 {
		t.Error("the message does not go")
	}
	s.Height = 10
	s.Update(watchedMsg{err: errorText(why)})
	if n := s.layout().foot; n != 1 {
		t.Errorf("%d lines of 10", n)
	}
}

type errorText string

func (e errorText) Error() string { return string(e) }

// TestOneOf: what there is one of is said so.
func TestOneOf(t *testing.T) {
	s := newScreen(t, 250, 60, Options{})
	s.run(2)
	s.Shown.Processes[0].Payers, s.Shown.Processes[0].Unwatched = 1, 1
	s.Gaps = []pane.Gap{{}, {}}
	s.wants("1 of its children has inherited its breakpoints and pays for them, uncounted: --children counts it",
		"1 of its children runs the same program and is not watched: --children watches it", ", and once before")
	s.Shown.Processes[0].Payers, s.Shown.Processes[0].Unwatched = 2, 2
	s.Gaps = append(s.Gaps, pane.Gap{})
	s.wants("2 of its children have inherited its breakpoints and pay for them, uncounted: --children counts them",
		"2 of its children run the same program and are not watched: --children watches them", ", and 2 times before")
}

package tui

import "testing"

// TestOnlyIsApart: functions of a process that was chosen are its own, also
// while those of all are put together.
func TestOnlyIsApart(t *testing.T) {
	s, _ := listScreen(t, 120, 30, false)
	s.press("j").enter().press("P")
	s.message.text = ""
	s.wants("all processes together", "×3+")
	sum := calls(s).Rows.Row(0).Calls
	for pid, number := range map[string]int{"4711": 1, "4719": 2} {
		s.Activate(procs(s))
		procs(s).SetFilter(pid)
		s.press("enter").wants("pid "+pid+" only", "discount")
		s.lacks("all processes together", "was called", "×")
		if n := calls(s).Rows.Len(); n != 2 || calls(s).Rows.Row(0).Calls >= sum {
			t.Errorf("%d functions, %d calls of %d in all", n, calls(s).Rows.Row(0).Calls, sum)
		}
		s.press("P").wants("one process is shown: there is nothing to put together")
		s.wants([]string{"", "master", "worker"}[number])
		s.press("esc")
		s.wants("PROCESSES")
		s.press("tab").wants("all processes together", "×3+")
	}
}

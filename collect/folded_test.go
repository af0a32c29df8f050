package collect

import (
	"testing"
	"time"
)

// TestDiffFolded: a row that stands for functions that are no longer kept has
// grown by what it and they have had since, not by what they had before, nor by
// what others had that are gone.
func TestDiffFolded(t *testing.T) {
	a, b, c := &Code{ID: 1, PID: 7, Start: noon}, &Code{ID: 2, PID: 7, Start: noon}, &Code{ID: 3, PID: 7, Start: noon}
	another, more := &Code{ID: 4, PID: 8, Start: noon}, &Code{ID: 5, PID: 7, Start: noon, More: true}
	first := madeUp(1, time.Second, CodeCount{Code: a, Calls: 10, Resumes: 4}, CodeCount{Code: b, Calls: 20}, CodeCount{Code: c, Calls: 30}, CodeCount{Code: another, Calls: 1000})
	second := madeUp(2, 2*time.Second, CodeCount{Code: b, Calls: 21}, CodeCount{Code: more, Calls: 45, Resumes: 5}) // a and c, which ran 5 times more
	third := madeUp(3, 3*time.Second, CodeCount{Code: more, Calls: 70, Resumes: 5})                                 // and b, and 4 others
	for _, test := range []struct {
		prev, cur      *Reading
		calls, resumes uint64
	}{{first, second, 5, 1}, {second, third, 4, 0}, {first, third, 10, 1}} {
		rows := Diff(test.prev, test.cur, 2).Functions
		if got := rows[len(rows)-1]; got.CallsDelta != test.calls || got.ResumesDelta != test.resumes {
			t.Errorf("%d calls and %d resumes, want %d and %d", got.CallsDelta, got.ResumesDelta, test.calls, test.resumes)
		}
	}
}

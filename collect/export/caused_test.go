package export

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// TestCausedWait: what functions made others wait is written where it is known
// and left out where it is not.
func TestCausedWait(t *testing.T) {
	f := collect.FunctionRow{Code: &collect.Code{ID: 1, PID: 7, Function: "f"}}
	for known, want := range map[bool]string{true: `"caused_wait_s":1.5,"caused_wait_share":0`, false: ""} {
		f.CausedKnown, f.Caused = known, 1500*time.Millisecond
		text, err := json.Marshal(functionOf(&f, nil))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) || strings.Contains(string(text), "caused") != known {
			t.Errorf("%s", text)
		}
	}
}

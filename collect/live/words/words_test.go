package words

import "testing"

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{1: "1 process is", 2: "2 processes are"} {
		if got := Number(n, "process is", "processes are"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package live_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pytop/collect"
	"pytop/collect/live/livetest"
)

// table collects what TestExactKnown compared, for docs/builds.md.
type table struct {
	mu   sync.Mutex
	rows []string
}

var builds table

func (b *table) add(p livetest.Python, r *collect.Reading, want []livetest.WantRow, equal bool) {
	var calls, resumes uint64
	for _, w := range want {
		calls, resumes = calls+w.Calls, resumes+w.Resumes
	}
	of, build := r.Processes[0].Process, "as it is"
	if of.Build != "" {
		build = of.Build
	}
	verdict := "yes"
	if !equal {
		verdict = "**no**"
	}
	how, _, _ := strings.Cut(r.Probes[0].Method, ", proven on") // which is another number in each run
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, fmt.Sprintf("| %s | %s | %s | %s | %d | %d | %d | %s |", p.Name, of.Python, build, how, len(want), calls, resumes, verdict))
}

// write writes the table to the file that PYTOP_BUILDS names, if it does.
func (b *table) write(t *testing.T) {
	name := os.Getenv("PYTOP_BUILDS")
	if name == "" {
		return
	}
	slices.Sort(b.rows)
	text := "# Builds that were counted and compared\n" +
		"Written by the tests (`make builds`): each row is one run of `testdata/workloads/known.py`, compared function by function with the interpreter's own account of an identical run.\n\n" +
		"| build | version | | how | functions | calls | resumes | equal |\n|---|---|---|---|---|---|---|---|\n" + strings.Join(b.rows, "\n") + "\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

package collect

import (
	"slices"
	"testing"
)

// TestKinds: each kind has a name of its own, and says what it measures.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds {
		if k.Name == "" || seen[k.Name] || k.Measures == "" {
			t.Errorf("%q: seen before %t, measures %q", k.Name, seen[k.Name], k.Measures)
		}
		seen[k.Name] = true
	}
}

func TestKindNames(t *testing.T) {
	kinds := []Kind{{Name: "b", Default: true}, {Name: "a"}, {Name: "c", Default: true}}
	if got := KindNames(kinds); !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("names %q", got)
	}
	if got := KindNames(DefaultKinds(kinds)); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("defaults %q", got)
	}
	if got := KindNames(DefaultKinds(nil)); len(got) != 0 {
		t.Errorf("defaults of none: %q", got)
	}
}

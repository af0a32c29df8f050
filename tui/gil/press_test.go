package gil

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

// TestLastThread: G goes to the last thread, also when there was no cursor.
func TestLastThread(t *testing.T) {
	p, f := newPaneOf(t, 120, 40)
	f.Show(p, gilSnapshot())
	p.Press(tea.KeyPressMsg{Code: 'G', Text: "G"})
	if at, ok := p.Threads.Cursor(); !ok || at != p.Threads.Len()-1 {
		t.Errorf("the cursor is at %d, %v", at, ok)
	}
	p.Press(tea.KeyPressMsg{Code: 'g', Text: "g"})
	if _, ok := p.Threads.Cursor(); ok {
		t.Error("g leaves the cursor where it is")
	}
}

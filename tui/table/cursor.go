package table

// Cursor is where the cursor is among the rows shown; false when there is
// none, or its row does not match the filter.
func (t *Table[R]) Cursor() (index int, ok bool) {
	return t.at, t.cursor != 0 && t.at >= 0 && t.at < len(t.shown)
}

// Place puts the cursor on the i-th row shown.
func (t *Table[R]) Place(i int) {
	if len(t.shown) == 0 {
		return
	}
	t.at = max(0, min(i, len(t.shown)-1))
	t.cursor = t.Key(t.Row(t.at))
}

// Release lets the cursor go and returns to the first row.
func (t *Table[R]) Release() { t.cursor, t.at, t.offset = 0, -1, 0 }

// Move moves the cursor by n rows, and the view so that it is among height
// rows. A cursor that was not there appears at the edge of the view.
func (t *Table[R]) Move(n, height int) {
	if len(t.shown) == 0 {
		return
	}
	first := t.Offset(height)
	switch at, ok := t.Cursor(); {
	case ok:
		t.Place(at + n)
	case n < 0:
		t.Place(min(first+height, len(t.shown)) - 1)
	default:
		t.Place(first)
	}
	t.Reveal(height)
}

// Reveal moves the view so that the cursor is among height rows.
func (t *Table[R]) Reveal(height int) {
	at, ok := t.Cursor()
	if !ok {
		return
	}
	t.offset = max(min(t.offset, at), at-height+1)
}

// Scroll moves the view by n rows and leaves the cursor alone.
func (t *Table[R]) Scroll(n, height int) {
	t.offset = t.Offset(height) + n
	t.offset = t.Offset(height)
}

// Offset is the first row in a view of height rows.
func (t *Table[R]) Offset(height int) int {
	return max(0, min(t.offset, len(t.shown)-height))
}

package export

import "pytop/collect"

type placeJSON struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Line     *int   `json:"line"` // that runs
}

func placeOf(p *collect.Place) any { return placeJSON{text(p.File), text(p.Function), some(p.Line)} }

// stack writes a member that is a stack, frame by frame: there may be
// thousands, of which each names a file and a function.
func (e *encoder) stack(name string, stack []collect.Place) {
	e.member(name)
	e.list(each(stack, placeOf), "")
}

package export

import "pytop/collect"

// longHoldJSON is a hold that went on for long, seen while it did.
type longHoldJSON struct {
	TID    *int     `json:"tid"`
	Began  string   `json:"began"`
	Lasted *float64 `json:"at_least_s"`

	// The stack follows, of the holder when it was seen first, the innermost
	// first; then nativeJSON.
	hold *collect.LongHold
}

func longHoldOf(h *collect.LongHold) any {
	return longHoldJSON{some(h.TID), timestamp(h.Began), seconds(h.Lasted), h}
}

func (r longHoldJSON) write(e *encoder) {
	e.open(r)
	e.stack("stack", r.hold.Stack)
	e.close(nativeOf(&r.hold.Native))
}

// longWaitJSON is a wait that went on for long, seen while it did.
type longWaitJSON struct {
	TID    *int     `json:"tid"`
	Began  string   `json:"began"`
	Lasted *float64 `json:"at_least_s"`

	// The stack follows, of the waiter when it was seen first, the innermost
	// first; then holder_tid, null if not known, and holder_stack.
	wait *collect.LongWait
}

func longWaitOf(w *collect.LongWait) any {
	return longWaitJSON{some(w.TID), timestamp(w.Began), seconds(w.Lasted), w}
}

func (r longWaitJSON) write(e *encoder) {
	e.open(r)
	e.stack("stack", r.wait.Stack)
	e.member("holder_tid")
	e.value(some(r.wait.Holder))
	e.stack("holder_stack", r.wait.HolderStack)
	e.text("}")
}

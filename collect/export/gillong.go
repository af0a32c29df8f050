package export

import "pytop/collect"

// longHoldJSON is a hold that went on for long, seen while it did.
type longHoldJSON struct {
	TID    *int        `json:"tid"`
	Began  string      `json:"began"`
	Lasted *float64    `json:"at_least_s"`
	Stack  []placeJSON `json:"stack"` // of the holder when it was seen first, the innermost first
	nativeJSON
}

// longWaitJSON is a wait that went on for long, seen while it did.
type longWaitJSON struct {
	TID         *int        `json:"tid"`
	Began       string      `json:"began"`
	Lasted      *float64    `json:"at_least_s"`
	Stack       []placeJSON `json:"stack"`      // of the waiter when it was seen first, the innermost first
	Holder      *int        `json:"holder_tid"` // null: not known
	HolderStack []placeJSON `json:"holder_stack"`
}

func longHoldsOf(list []collect.LongHold) []longHoldJSON {
	rows := make([]longHoldJSON, len(list))
	for i := range list {
		h := &list[i]
		rows[i] = longHoldJSON{some(h.TID), timestamp(h.Began), seconds(h.Lasted), placesOf(h.Stack), nativeOf(&h.Native)}
	}
	return rows
}

func longWaitsOf(list []collect.LongWait) []longWaitJSON {
	rows := make([]longWaitJSON, len(list))
	for i := range list {
		w := &list[i]
		rows[i] = longWaitJSON{some(w.TID), timestamp(w.Began), seconds(w.Lasted), placesOf(w.Stack), some(w.Holder), placesOf(w.HolderStack)}
	}
	return rows
}

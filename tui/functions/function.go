package functions

import "pytop/collect"

// function is a row of the functions pane.
type function struct {
	*collect.FunctionRow
	quiet   uint8    // readings since it ran: 0 when it just did, at most quietEnd
	group   int      // functions in the row; 0: not put together
	others  []uint64 // their IDs, but for that of Code
	counted bool     // its process was counted in the interval
	missing bool     // of one of the functions in the row it is not known how long it made threads wait
	// processes is of how many those in the row are; those that ended and are no
	// longer listed are one of them, however many they were, and then ended is set.
	processes int
	ended     bool
	bounded   bool // not all was seen that happened to its process's GIL
}

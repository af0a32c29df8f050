package gil

import "pytop/tui/pane"

// Help is the pane's keys and numbers.
func (p *Pane) Help() (keys, words []pane.Entry) {
	return []pane.Entry{pane.KeyEntry(260, keyBlame), pane.KeyEntry(270, keyCounts)}, numbers
}

// numbers is every number of the pane: its name, unit and meaning.
var numbers = []pane.Entry{
	{Rank: 150, Word: "▁▂▃▄▅▆▇█", Meaning: "in the header: of all calls/s, and of the share of each interval that threads waited for the GIL (the worst one's, of several); one reading a cell, the last at the right, each between 0 and its own largest value in sight; a blank: not measured."},
	{Rank: 230, Word: "held", Meaning: "the share of the last interval that a thread held the GIL; in the header, that anybody did. A hold includes about one hit of the probe (the price stands below), so that holds of less than a microsecond are not to be told."},
	{Rank: 240, Word: "worst of 3", Meaning: "in the header: of 3 GILs that are measured, its numbers are of the one that was waited for most in the interval, then held most; whose it is stands before it (of one process: which interpreter's). Without a GIL: of the process that was paused most."},
	{Rank: 250, Word: "waited", Meaning: "the share of the interval that a thread waited for the GIL: from its first wait step, when it found the GIL taken, until it took it. Left out: what a thread that was made to drop it spends until it asks for it again, and the time until a wait begins."},
	{Rank: 260, Word: "queued", Meaning: "the share of the interval that a thread was ready to run and waited for a CPU that others had, as the kernel says; it is no wait for the GIL."},
	{Rank: 270, Word: "takes/s", Meaning: "how often a thread took the GIL. longest hold, longest wait: since counting began, what goes on included; R does not change them."},
	{Rank: 290, Word: "caused", Meaning: "how long others waited while the thread held the GIL, in shares of the interval: above 100 % when several waited. blame: the same by the innermost function that ran, seen when a wait begins and then once a switch interval."},
	{Rank: 300, Word: "made to wait", Meaning: "in a thread's details: by whom, and whom it made wait: how long one waited while the other held the GIL, of the interval and in all; who holds is looked at when a wait begins and then once a switch interval."},
	{Rank: 310, Word: "switches", Meaning: "the grid, of up to 8 threads: how often the GIL went from a row's thread to a column's, which has the row's number; the more, the deeper the shade. Of more threads the 20 pairs with most are listed. c: a second, or in all."},
	{Rank: 320, Word: "holds, 1 µs to 1 s", Meaning: "on very wide screens: a thread's holds by how long they were, each cell twice as long as the one before."},
	{Rank: 330, Word: "caused wait", Meaning: "of a function, from 120 columns on: how long threads waited for the GIL while it was the innermost Python function of who held it, in shares of the interval; above 100 % when several waited. What it calls counts for what is called; who holds is looked at when a wait begins and then once a switch interval."},
	{Rank: 340, Word: "long", Meaning: "the last holds and waits of 100 ms and more, with the innermost function of who held the GIL when it was first seen to go on for so long. It is looked 20 times a second: how long it went on is at least that. In a thread's details also, in: the C function that the thread was found in most often, sampled 100 times a second of its processor time; from: its callers, where the build keeps frame pointers. asleep: where it slept in the kernel without releasing the GIL, looked at 20 times a second."},
	{Rank: 350, Word: "no GIL", Meaning: "of a free-threaded Python. waited: the share of the interval that a thread waited for a mutex (of an object, or the interpreter's own): from when it was parked until it went on; not the moment that it tries before. paused: that it was kept from running since another had stopped the world; a wait and a pause within it count each for itself. waits/s: waits that ended."},
	{Rank: 360, Word: "longest pause", Meaning: "of a thread, since counting began, what goes on included; R does not change it. parked, in a thread's details: how often it waited in CPython's parking lot for something else than a mutex or a pause (an event, a queue, …), and for how long in all."},
	{Rank: 370, Word: "pauses/s", Meaning: "how often the world was stopped so that a thread felt it: all Python threads wait until what stopped it (a collection of garbage, say) starts it again. Two that follow so soon that no thread ran in between are one. STOPPED BY: which thread did it, as CPython says itself."},
	{Rank: 380, Word: "switches/s", Meaning: "takes by another thread than the one before. forced/s: drops that a thread was made to, and waited to be taken over; those that another had taken over by then (on one CPU, most) are not among them."},
	{Rank: 390, Word: "GIL ~", Meaning: "estimates: it is taken so often that probes would disturb it. Its fields are read a thousand times a second instead; probes look every three seconds whether they can stay. Waits, takes, blame and switches by pairs are not known meanwhile (?), a longest hold is at least (≥) what probes saw."},
	{Rank: 400, Word: "GIL ≥", Meaning: "lower bounds: not all was seen that happened to the GIL, or to waits and pauses without one; the reason stands below the header. (≥) in a title is of all below it."},
}

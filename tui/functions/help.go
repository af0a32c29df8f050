package functions

import "pytop/tui/pane"

// keyGroup is a key of the pane alone.
var keyGroup = pane.Bind("P", "functions of all processes together, or of each", "P")

// Help is the pane's keys and numbers.
func (p *Pane) Help() (keys, words []pane.Entry) {
	return []pane.Entry{pane.KeyEntry(280, keyGroup)}, numbers
}

// numbers is every number of the pane: its name, unit and meaning.
var numbers = []pane.Entry{
	{Rank: 10, Word: "calls/s", Meaning: "how often Python functions were started in the last interval, per second of the time that was counted; of a process that has just started also of the time before. Starting a generator or coroutine is a call at its first next() or await. Calls of C functions are not Python calls."},
	{Rank: 20, Word: "resumes/s", Meaning: "how often generators and coroutines went on after a yield or await. They are no calls and are not among them."},
	{Rank: 30, Word: "%", Meaning: "of the function: its part of all calls of the interval."},
	{Rank: 40, Word: "total", Meaning: "calls since the time that the pane's title says: since counting began, or since R."},
	{Rank: 60, Word: "last minute", Meaning: "calls/s of the function, 3 s a point, between 0 and its own largest."},
	{Rank: 70, Word: "exact", Meaning: "every call was counted. ≥ lower bound: some calls cannot be seen (the JIT), or a function was seen running and was not counted; ~ estimate: counted for a part of the time; off: not counted. The reason stands below the header."},
	{Rank: 80, Word: "proven", Meaning: "how many functions were seen to start, from outside, some 20 times a second, and had counted more by the next second. Generators and coroutines are left out."},
	{Rank: 160, Word: "mean, most", Meaning: "in the details: of calls/s over the last five minutes, 3 s a point."},
	{Rank: 170, Word: "by thread", Meaning: "in the details: calls and resumes of the function by each thread since they were opened."},
	{Rank: 210, Word: "×3", Meaning: "in the column pid, with P: a function of 3 processes together. ×3+: of 2 and of some that ended and are no longer listed. ended: of such alone."},
}

package price

import "time"

// Account is what one probe's hits cost one process.
type Account struct {
	Overhead time.Duration // what they took of its CPU time so far: an estimate
	tail     time.Duration // the bare price of hits that Overhead has not yet
	bare     time.Duration // the bare price of all hits
}

// Add notes hits, by their bare price.
func (a *Account) Add(bare time.Duration) { a.tail, a.bare = a.tail+bare, a.bare+bare }

// All is Overhead with what it has not yet, at the bare price.
func (a *Account) All() time.Duration { return a.Overhead + a.tail }

// Pay makes the bare prices of what was hit what it took out of the CPU time
// used meanwhile. Probes share it by their prices.
func Pay(accounts []Account, used time.Duration) {
	least := tails(accounts)
	if least == 0 {
		return
	}
	all := Overhead(least, used)
	left := all
	first := &accounts[0] // gets what rounding leaves
	for i := range accounts[1:] {
		a := &accounts[1+i]
		part := time.Duration(float64(all) * float64(a.tail) / float64(least))
		a.Overhead, left = a.Overhead+part, left-part
	}
	first.Overhead += left
	for i := range accounts {
		accounts[i].tail = 0
	}
}

// Settled tells whether what was paid stands for nearly all that was hit: when a
// process has ended, the CPU time of its last moments is mostly not known.
func Settled(accounts []Account) bool {
	var bare time.Duration
	for i := range accounts {
		bare += accounts[i].bare
	}
	return 4*tails(accounts) <= bare
}

func tails(accounts []Account) (sum time.Duration) {
	for i := range accounts {
		sum += accounts[i].tail
	}
	return sum
}

package price

import "time"

// Hit is what one hit of a program takes in a loop of nothing else, as measured
// on pytop itself.
type Hit time.Duration

// Of is what so many hits take at the least: see Overhead.
func (h Hit) Of(n uint64) time.Duration { return time.Duration(n) * time.Duration(h) }

// PerSecond is the share of one core that so many hits a second take in real
// code: see Overhead.
func (h Hit) PerSecond(rate float64) float64 {
	return Overhead(time.Duration(rate*float64(h)), time.Second).Seconds()
}

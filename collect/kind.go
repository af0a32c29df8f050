package collect

// Kind is a probe as its users know it. A probe's own file defines its kind,
// and Kinds lists it.
type Kind struct {
	Name     string // for --probes, JSON's probes[], doctor and the header: "calls"
	Title    string // for people: "calls", "GIL"
	Measures string // what it tells, for --help: "how often each function is called"
	Default  bool   // measured unless --probes leaves it out
	// Diff adds the probe's part to the snapshot that lies between two readings;
	// nil: it is a part of another kind's. prev is never nil.
	Diff func(prev, cur *Reading, s *Snapshot)
}

// Kinds is every kind of probe, in the order in which they are listed, read
// and compared: a later one may use the snapshot's sections of those before.
var Kinds = []Kind{
	Calls,
	GIL,
}

// DefaultProbes are the names of the kinds that are measured unless others are
// asked for.
func DefaultProbes() (names []string) {
	for _, k := range Kinds {
		if k.Default {
			names = append(names, k.Name)
		}
	}
	return names
}

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
//
// To add a probe: a file of its own with its types, its Kind and its Diff; a
// line here; a field for its section in Reading, and one in Snapshot.
var Kinds = []Kind{
	Calls,
	GIL,
}

// KindNames lists the names of kinds, in their order.
func KindNames(kinds []Kind) []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].Name
	}
	return names
}

// DefaultKinds returns those of kinds that are measured unless left out.
func DefaultKinds(kinds []Kind) []Kind {
	var list []Kind
	for _, k := range kinds {
		if k.Default {
			list = append(list, k)
		}
	}
	return list
}

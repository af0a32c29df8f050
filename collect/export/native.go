package export

import "pytop/collect"

// nativeJSON is where in machine code the holder was: an estimate. native is
// the stack of the function that most of native_samples found, which
// native_hits did; asleep the same of looks at which it slept in the kernel.
type nativeJSON struct {
	Native  []nativeFrameJSON `json:"native"`
	Hits    int               `json:"native_hits"`
	Samples int               `json:"native_samples"`
	Cut     bool              `json:"native_cut"` // there are callers that are not known
	Lost    uint64            `json:"native_lost"`
	Reason  *string           `json:"native_reason"` // why there are no samples

	Asleep        []nativeFrameJSON `json:"asleep"`
	AsleepHits    int               `json:"asleep_hits"`
	AsleepSamples int               `json:"asleep_samples"`
	AsleepCut     bool              `json:"asleep_cut"`
}

type nativeFrameJSON struct {
	Module *string `json:"module"`   // null: memory of no file
	Symbol *string `json:"symbol"`   // null: none is known there
	Offset uint64  `json:"offset"`   // from the symbol, else in the file, else the address
	Start  *uint64 `json:"function"` // without a symbol: where in the file the function begins; null: not known
}

func nativeOf(n *collect.Native) nativeJSON {
	return nativeJSON{
		Native: nativeFrames(n.Ran.Stack), Hits: n.Ran.Hits, Samples: n.Ran.Looks, Cut: n.Ran.Cut, Lost: n.Lost, Reason: words(text(n.Reason)),
		Asleep: nativeFrames(n.Slept.Stack), AsleepHits: n.Slept.Hits, AsleepSamples: n.Slept.Looks, AsleepCut: n.Slept.Cut,
	}
}

func nativeFrames(frames []collect.NativeFrame) []nativeFrameJSON {
	rows := []nativeFrameJSON{}
	for _, f := range frames {
		rows = append(rows, nativeFrameJSON{words(text(f.Module)), words(text(f.Symbol)), f.Offset, some(f.Start)})
	}
	return rows
}

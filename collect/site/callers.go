package site

import "pytop/collect/elf"

const (
	// framesLooked is of how many functions the beginning is looked at, and
	// framesLeast how many there must be to judge a file.
	framesLooked, framesLeast = 200, 10
	// framesSize is from how many bytes on: shorter functions may need no frame.
	framesSize = 64
	// framesShare is how many in a hundred must make one: the rest call nothing.
	// Of 60 files that were looked at, those that keep frame pointers had 91 to
	// 100 of them, the others 0 to 12.
	framesShare = 75
)

// KeepsFramePointers tells whether a file's functions keep a frame pointer, so
// that a walk along them finds the callers. False also where that cannot be told.
func KeepsFramePointers(f *elf.File) bool {
	keep, all := framePointers(f)
	return all >= framesLeast && 100*keep >= framesShare*all
}

// framePointers counts the functions that make a frame pointer when they begin.
func framePointers(f *elf.File) (keep, all int) {
	starts, err := f.FunctionStarts(framesLooked, framesSize)
	if err != nil || f.Machine() != elf.X86_64 {
		return 0, 0
	}
	for _, at := range starts {
		b, err := f.Read(at, x86FrameLength)
		if err != nil {
			continue
		}
		if all++; x86MakesFrame(b) {
			keep++
		}
	}
	return keep, all
}

// FollowsCall tells whether the code before an address ends with a call: what
// a return address must be. At most LongestCall bytes before it are looked at.
func FollowsCall(m elf.Machine, before []byte) bool {
	return m == elf.X86_64 && x86EndsWithCall(before)
}

// LongestCall is the size of the longest call instruction in bytes.
const LongestCall = 8

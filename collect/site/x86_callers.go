package site

import "bytes"

// x86FrameLength is how many bytes of a function x86MakesFrame looks at: a
// frame may be made only behind a quick way out.
const x86FrameLength = framesSize

// moveToRBP is mov rbp, rsp in its two encodings.
var moveToRBP = [][]byte{{0x48, 0x89, 0xe5}, {0x48, 0x8b, 0xec}}

// x86MakesFrame tells whether code near a function's beginning sets rbp to rsp.
// Code that keeps no frame pointers has no reason to.
func x86MakesFrame(b []byte) bool {
	return bytes.Contains(b, moveToRBP[0]) || bytes.Contains(b, moveToRBP[1])
}

// x86EndsWithCall tells whether bytes end with a call instruction: e8 with an
// offset, or ff /2 through a register or memory.
func x86EndsWithCall(b []byte) bool {
	for n := 2; n <= min(len(b), LongestCall); n++ {
		one := b[len(b)-n:]
		if i := decode(0, one); int(i.size) == n && (i.flow == calls || i.flow == points) {
			return true
		}
	}
	return false
}

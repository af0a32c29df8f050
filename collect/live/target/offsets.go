package target

import (
	"pytop/bpf"
	"pytop/collect/cpython"
)

// offsetsOf tells the programs where a build keeps what they read.
func offsetsOf(py *cpython.Python) bpf.PyOffsets {
	o, t := py.Offsets, py.Traits
	name := o.Code.Qualname
	if name == cpython.Absent {
		name = o.Code.Name
	}
	return bpf.PyOffsets{
		CodeMask: t.ExecutableMask, FrameCode: o.Frame.Executable, FrameInstr: o.Frame.InstrPtr, FrameLasti: o.Frame.Lasti,
		LegacyFrame: bit(t.LegacyFrame), ResumeMask: uint32(t.ResumeMask), StartIsFixed: bit(t.FixedStart),
		ObjectType: o.Object.Type, TypeName: o.Type.Name,
		CodeFlags: o.Code.Flags, CodeLine: o.Code.Firstlineno, CodeFile: o.Code.Filename, CodeName: name,
		StrLength: o.Unicode.Length, StrState: o.Unicode.State, StrKindShift: o.Unicode.KindShift,
		StrAscii: o.Unicode.ASCIISize, StrCompact: o.Unicode.CompactSize,
	}
}

func bit(is bool) uint32 {
	if is {
		return 1
	}
	return 0
}

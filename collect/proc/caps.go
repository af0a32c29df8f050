package proc

// Caps is a set of capabilities, as bits.
type Caps uint64

// Cap is the number of a capability, as in linux/capability.h.
type Cap uint

// The capabilities that pytop can make use of.
const (
	CapDACOverride       Cap = 1
	CapDACReadSearch     Cap = 2
	CapSysPtrace         Cap = 19
	CapSysAdmin          Cap = 21
	CapSysResource       Cap = 24
	CapPerfmon           Cap = 38
	CapBPF               Cap = 39
	CapCheckpointRestore Cap = 40
)

var capNames = map[Cap]string{
	CapDACOverride:       "CAP_DAC_OVERRIDE",
	CapDACReadSearch:     "CAP_DAC_READ_SEARCH",
	CapSysPtrace:         "CAP_SYS_PTRACE",
	CapSysAdmin:          "CAP_SYS_ADMIN",
	CapSysResource:       "CAP_SYS_RESOURCE",
	CapPerfmon:           "CAP_PERFMON",
	CapBPF:               "CAP_BPF",
	CapCheckpointRestore: "CAP_CHECKPOINT_RESTORE",
}

// String is the capability's name: "CAP_BPF".
func (c Cap) String() string {
	if name, ok := capNames[c]; ok {
		return name
	}
	return "CAP_?"
}

// Has tells whether a capability is in the set.
func (c Caps) Has(one Cap) bool { return c&(1<<one) != 0 }

// Capabilities is the set that pytop itself has in effect. In a user
// namespace that is not the initial one (see Namespace) the set says nothing
// about what the kernel lets pytop do outside of it.
func (f *FS) Capabilities() (Caps, error) {
	status, err := f.Status(0)
	return status.Caps, err
}

// Package doctor finds out, check by check, what works here, what does not,
// and what to do about it. It attaches to no process but pytop's own.
package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"pytop/collect"
	"pytop/collect/live"
	_ "pytop/collect/live/registry" // the probes
	"pytop/collect/proc"
)

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Weak    Verdict = "weak"    // pytop works, less well
	Missing Verdict = "missing" // pytop cannot count calls without it
)

// Check is one thing that was looked at.
type Check struct {
	Name    string
	Verdict Verdict
	Found   string
	Advice  string // what to do about it; empty: nothing
}

// Machine checks the kernel and what pytop may do on it.
func Machine() []Check {
	return []Check{
		kernel(), typeInformation(), uprobes(), cookies(), ring(), privileges(), files(), attaching(),
	}
}

func ok(name, found string) Check { return Check{Name: name, Verdict: OK, Found: found} }

func kernel() Check {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return Check{"kernel", Missing, err.Error(), "pytop runs on Linux"}
	}
	found := fmt.Sprintf("Linux %s, %s", unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:]))
	if live.Untested != "" {
		return Check{"kernel", Weak, found, live.Untested}
	}
	return ok("kernel", found)
}

func typeInformation() Check {
	if _, err := btf.LoadKernelSpec(); err != nil {
		return Check{"BTF", Missing, err.Error(), "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian's, Fedora's and Ubuntu's are)"}
	}
	return ok("BTF", "the kernel describes its types")
}

func uprobes() Check {
	if !proc.HasUprobes() {
		return Check{"uprobes", Missing, "the kernel has no uprobe event source", "use a kernel built with CONFIG_UPROBES=y and CONFIG_UPROBE_EVENTS=y"}
	}
	return ok("uprobes", "the kernel has uprobes")
}

func cookies() Check {
	err := live.Supported()
	switch {
	case err == nil:
		return ok("attach cookies", "bpf_get_attach_cookie (Linux 5.15)")
	case errors.Is(err, live.ErrKernel):
		return Check{"attach cookies", Missing, "the kernel lacks bpf_get_attach_cookie", "use Linux 5.15 or later"}
	}
	return Check{"attach cookies", Missing, "not found out: " + err.Error(), "see privileges"}
}

func ring() Check {
	err := features.HaveMapType(ebpf.RingBuf)
	switch {
	case err == nil:
		return ok("ring buffer", "BPF ring buffers (Linux 5.8)")
	case errors.Is(err, ebpf.ErrNotSupported):
		return Check{"ring buffer", Missing, "the kernel lacks BPF ring buffers", "use Linux 5.15 or later"}
	}
	return Check{"ring buffer", Missing, "not found out: " + err.Error(), "see privileges"}
}

// needed are the capabilities without which nothing is counted, and which
// capability stands in for each.
var needed = []need{
	{proc.CapBPF, proc.CapSysAdmin, "to load programs"},
	{proc.CapPerfmon, proc.CapSysAdmin, "to attach them and read the target's memory in them"},
	{proc.CapSysPtrace, proc.CapSysPtrace, "to see other users' processes"},
}

// reach are the capabilities with which the kernel's own links to a target's
// files can be followed: a user other than root needs both.
var reach = []need{
	{proc.CapCheckpointRestore, proc.CapSysAdmin, "to reach a target's files that were deleted or replaced, or lie in a container"},
	{proc.CapDACReadSearch, proc.CapDACOverride, "to open other users' files"},
}

type need struct {
	cap, or proc.Cap
	what    string
}

// Privilege names the capabilities that pytop lacks to count calls, as
// "CAP_BPF (to load programs) is missing"; empty: none.
func Privilege() string { return lacking(needed) }

// Lacks names the capabilities whose lack explains an error; empty: none.
func Lacks(err error) string {
	if Classify(err) != NotPermitted {
		return ""
	}
	if lacks := Privilege(); lacks != "" {
		return lacks
	}
	return lacking(reach)
}

// lacking names those of the capabilities that pytop has not.
func lacking(list []need) string {
	caps, err := proc.System().Capabilities()
	if err != nil {
		return ""
	}
	var names []string
	for _, n := range list {
		if !caps.Has(n.cap) && !caps.Has(n.or) {
			names = append(names, fmt.Sprintf("%v (%s)", n.cap, n.what))
		}
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0] + " is missing"
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " are missing"
	}
}

func privileges() Check {
	caps, err := proc.System().Capabilities()
	switch lacks := Privilege(); {
	case lacks == "" || err != nil:
	case caps.Has(proc.CapSysAdmin) || caps.Has(proc.CapBPF) && caps.Has(proc.CapPerfmon):
		return Check{"privileges", Weak, lacks, "pytop's own user's processes can be watched; others' only where the kernel takes CAP_PERFMON for that (the newest do)"}
	default:
		return Check{"privileges", Missing, lacks, "run pytop with sudo, or give it CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE"}
	}
	ns, err := proc.System().Namespace(0, "user")
	if err == nil && !ns.Initial {
		return Check{"privileges", Missing, "pytop is in a user namespace: its capabilities do not count for BPF", "run it outside of the container's user namespace"}
	}
	return ok("privileges", "CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE")
}

// files: what is needed to open a target's file whatever its mount namespace.
func files() Check {
	if lacks := lacking(reach); lacks != "" {
		return Check{"target's files", Weak, lacks, "targets whose files this user can open anyway can be watched; for the others run pytop with sudo"}
	}
	return ok("target's files", "reached through the kernel's own links, also deleted and in containers")
}

func attaching() Check {
	began := time.Now()
	tried, err := live.Try()
	if few, advice := OutOfFiles(err); few != "" {
		return Check{"counting", Missing, few, advice}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Check{"counting", Missing, err.Error(), "see privileges; also sysctl kernel.unprivileged_bpf_disabled and kernel.perf_event_paranoid"}
	case errors.Is(err, live.ErrKernel):
		return Check{"counting", Missing, err.Error(), "use Linux 5.15 or later"}
	case err != nil:
		return Check{"counting", Missing, err.Error(), "please report this with the output of pytop doctor"}
	}
	return ok("counting", fmt.Sprintf("%s; %s (tried on pytop itself in %d ms)", tried.How, tried.Cost, time.Since(began).Milliseconds()))
}

// Target checks one process: which CPython it runs and how its calls would be
// counted. A check that fails keeps its error for the exit code.
func Target(pid int) ([]Check, error) {
	var list []Check
	if stat, err := proc.System().Stat(pid); err == nil {
		command, _ := proc.System().Command(pid)
		list = append(list, ok("process", fmt.Sprintf("%d, %s: %s", pid, threads(stat.Threads), command)))
	}
	found, err := live.Inspect(pid)
	if few, advice := OutOfFiles(err); few != "" {
		return append(list, Check{"target", Missing, few, advice}), err
	}
	if err != nil {
		return append(list, Check{"target", Missing, err.Error(), Advice(err)}), err
	}
	python := "CPython " + found.Python
	if found.Build != "" {
		python += " (" + found.Build + ")"
	}
	list = append(list,
		ok("file", found.File),
		ok("version", python),
		text(pid, found.Text, found.TextErr),
	)
	for i, one := range found.Probes {
		name := one.Kind.Title
		if one.Err != nil {
			list = append(list, Check{name, Weak, one.Err.Error(), "its calls are counted all the same; to leave the " + name + " out use --probes " + without(one.Kind)})
			continue
		}
		if i == 0 { // which looked for its sites
			one.How += fmt.Sprintf("; found in %d ms", found.Took.Milliseconds())
		}
		list = append(list, ok(name, one.How))
		if i == 0 && found.Weak != "" {
			list = append(list, Check{"weaker", Weak, found.Weak, ""})
		}
		if one.Cost != "" {
			list = append(list, ok("cost", one.Cost))
		}
	}
	return list, nil
}

// without is the kinds that are measured by default, but for one.
func without(k collect.Kind) string {
	names := slices.DeleteFunc(collect.KindNames(collect.DefaultKinds(collect.Kinds)), func(name string) bool { return name == k.Name })
	return strings.Join(names, ",")
}

func threads(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

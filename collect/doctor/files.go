package doctor

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"pytop/collect/live"
)

// enoughFiles is more files than pytop needs to have open to watch a process
// (about 100); with fewer it may be that which went wrong.
const enoughFiles = 256

// OutOfFiles says that pytop may have too few files open, and how to change
// that, if it explains an error; empty otherwise. The library that loads
// programs takes that it gets no file for a feature that the kernel lacks, or
// passes it on as text only: so that is compared here.
func OutOfFiles(err error) (found, advice string) {
	var limit unix.Rlimit
	if err == nil || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return "", ""
	}
	lacking := errors.Is(err, ebpf.ErrNotSupported) && !errors.Is(err, live.ErrKernel) && limit.Cur < enoughFiles
	if !lacking && !strings.Contains(err.Error(), unix.EMFILE.Error()) {
		return "", ""
	}
	enough := 4 * max(enoughFiles, limit.Cur)
	return fmt.Sprintf("too many open files: the limit is %d", limit.Cur),
		fmt.Sprintf("raise the limit with: ulimit -n %d, or for a service LimitNOFILE=%d", enough, enough)
}

package proc

// Descends tells whether a process is a child of another, or a child's child,
// and so on. One whose parent has ended descends from that one's no longer.
func (f *FS) Descends(pid, from int) bool {
	for seen := map[int]bool{}; !seen[pid]; {
		seen[pid] = true
		stat, err := f.Stat(pid)
		if err != nil || stat.Parent == 0 {
			return false
		}
		if stat.Parent == from {
			return true
		}
		pid = stat.Parent
	}
	return false
}

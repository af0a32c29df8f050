package proc

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Container names what a process runs in, from its control group: a container
// ("docker 3f2a9c01b7de"), a machine, a service; where it is in none, the
// directory that it is chrooted to. Empty: nothing of the kind, or not to be
// found out. Not sanitised.
func (f *FS) Container(pid int) string {
	if data, err := f.read(pid, "cgroup", maxFile); err == nil {
		if name := parseContainer(string(data)); name != "" {
			return name
		}
	}
	if root, err := fs.ReadLink(f.fsys, pidName(pid)+"/root"); err == nil && root != "/" {
		own, err := fs.ReadLink(f.fsys, "self/root")
		if err != nil || own != root {
			return "chroot " + root
		}
	}
	return ""
}

// containerID is a container's number, of which the first twelve digits are
// what its tools show.
var containerID = regexp.MustCompile(`^(?:([a-z][a-z-]*)-)?([0-9a-f]{12})[0-9a-f]{52}$`)

// runtimes is what writes its name into the control groups of containers.
var runtimes = map[string]string{"cri-containerd": "containerd", "libpod": "podman", "crio": "cri-o"}

// parseContainer finds a container's name in the lines "ID:controllers:path".
func parseContainer(text string) string {
	service := ""
	for line := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		_, group, found := strings.Cut(rest, ":")
		if !found {
			continue
		}
		above := ""
		for part := range strings.SplitSeq(group, "/") {
			name := strings.TrimSuffix(part, path.Ext(part)) // .scope, .service
			if m := containerID.FindStringSubmatch(strings.TrimSuffix(part, ".scope")); m != nil {
				runtime := m[1]
				if known := runtimes[runtime]; known != "" {
					runtime = known
				}
				if runtime == "" {
					runtime = above
				}
				return strings.TrimSpace(runtime + " " + m[2])
			}
			switch {
			case strings.HasPrefix(part, "machine-") && strings.HasSuffix(part, ".scope"):
				return "machine " + strings.ReplaceAll(strings.TrimPrefix(name, "machine-"), `\x2d`, "-")
			case strings.HasPrefix(part, "lxc.payload."):
				return "lxc " + strings.TrimPrefix(part, "lxc.payload.")
			case strings.HasSuffix(part, ".service") && !strings.HasPrefix(part, "user@"):
				service = part
			}
			switch part {
			case "docker", "lxc", "garden", "buildkit":
				above = part
				if part == "lxc" {
					if _, after, ok := strings.Cut(group, "/lxc/"); ok {
						name, _, _ := strings.Cut(after, "/")
						return "lxc " + name
					}
				}
			case "kubepods", "kubepods.slice":
				above = "kubernetes"
			}
		}
	}
	return service
}

package proc

import (
	"strings"
	"testing"
)

// TestParseContainer: the names that container engines write into control
// groups, with version 1's and version 2's lines, and what is no container's.
func TestParseContainer(t *testing.T) {
	id := strings.Repeat("0123456789ab", 6)[:64]
	const short = "0123456789ab"
	for _, test := range []struct{ text, want string }{
		{"0::/docker/" + id + "\n", "docker " + short},
		{"0::/system.slice/docker-" + id + ".scope\n", "docker " + short},
		{"12:cpu,cpuacct:/docker/" + id + "\n11:memory:/docker/" + id + "\n", "docker " + short},
		{"0::/machine.slice/libpod-" + id + ".scope/container\n", "podman " + short},
		{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope\n", "containerd " + short},
		{"0::/kubepods.slice/kubepods-pod1.slice/crio-" + id + ".scope\n", "cri-o " + short},
		{"0::/kubepods/burstable/pod1/" + id + "\n", "kubernetes " + short},
		{"0::/" + id + "\n", short},
		{"0::/lxc/web/system.slice/app.service\n", "lxc web"},
		{"0::/lxc.payload.web/app\n", "lxc web"},
		{`0::/machine.slice/machine-web\x2d1.scope/payload` + "\n", "machine web-1"},
		{"0::/system.slice/app.service\n", "app.service"},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service\n", "shop.service"},
		{"0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", ""},
		{"0::/system.slice/docker-" + id[:63] + ".scope\n", ""},
		{"0::/system.slice/docker-" + strings.ToUpper(id) + ".scope\n", ""},
		{"0::/docker/" + id + "0\n", ""},
		{"0::/\n", ""},
		{"", ""},
		{"no colon\n0:one\n", ""},
	} {
		if got := parseContainer(test.text); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}

// FuzzParseContainer: a name is part of what was read, and no longer.
func FuzzParseContainer(f *testing.F) {
	for _, seed := range []string{"0::/docker/" + strings.Repeat("0123456789ab", 6)[:64] + "\n", "0::/lxc/web\n", `0::/machine-a\x2db.scope` + "\n", "0::/a.service\n", ":\n::\x1b[31m/lxc.payload.\x1b]0;x\x07\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := parseContainer(text)
		if len(name) > len(text)+len("kubernetes ") || strings.Contains(name, "/") || strings.Contains(name, "\n") {
			t.Errorf("%q: %q", text, name)
		}
	})
}

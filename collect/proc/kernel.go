package proc

import "os"

// HasUprobes tells whether the kernel has uprobes (CONFIG_UPROBE_EVENTS).
func HasUprobes() bool {
	_, err := os.Stat("/sys/bus/event_source/devices/uprobe/type")
	return err == nil
}

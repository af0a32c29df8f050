package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tiny is a directory on a disk of 64 KiB of its own, which is mounted nowhere.
func tiny(t *testing.T) string {
	t.Helper()
	disk, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(disk)
	if err := unix.FsconfigSetString(disk, "size", "64k"); err != nil {
		t.Fatal(err)
	}
	if err := unix.FsconfigCreate(disk); err != nil {
		t.Fatal(err)
	}
	mount, err := unix.Fsmount(disk, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(mount) })
	return fmt.Sprintf("/proc/self/fd/%d", mount)
}

// fullDisk is what pytop must say, once.
const fullDisk = "no space left on device"

const freeSpace = "free space there, or write to another file system"

// TestFullDisk: a file holds whole lines only, and the run ends with a failure
// that says so.
func TestFullDisk(t *testing.T) {
	needRoot(t)
	t.Parallel()
	dir := tiny(t)
	w := workload(t, systemPython, "obey.py")
	w.obey(t, "make a 100", "made")
	w.obey(t, "run a 1", "ran 100")
	p := begin(t, func(c *exec.Cmd) { c.Dir = dir }, "-p", w.pid(), "--budget", "off", "-o", "run.jsonl", "-d", "100ms")
	p.ready(t)
	w.obey(t, "run a 1", "ran 100")
	got := p.wait(t)
	got.mustSay(t, exitFailure, "write run.jsonl: "+fullDisk, "cut off again", freeSpace)
	if strings.Count(got.err, fullDisk) != 1 {
		t.Errorf("it is not said once:\n%s", got.err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "run.jsonl"))
	if err != nil || len(data) == 0 || !strings.HasSuffix(string(data), "\n") {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	snapshots(t, string(data))
	unpatched(t, w.Process.Pid)
}

// TestFullRedirect: standard output is not ours to cut, so the error counts
// what is not whole.
func TestFullRedirect(t *testing.T) {
	needRoot(t)
	t.Parallel()
	path := filepath.Join(tiny(t), "out")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := workload(t, systemPython, "obey.py")
	w.obey(t, "make a 100", "made")
	p := begin(t, func(c *exec.Cmd) { c.Stdout = out }, "-p", w.pid(), "--budget", "off", "-o", "jsonl", "-d", "100ms")
	p.ready(t)
	w.obey(t, "run a 1", "ran 100")
	got := p.wait(t)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := data[strings.LastIndexByte(string(data), '\n')+1:]
	if len(last) == 0 || json.Valid(last) {
		t.Errorf("the disk was not full in the middle of a line: %q", last)
	}
	got.mustSay(t, exitFailure, fullDisk, fmt.Sprintf("the last %d bytes are of a snapshot that is cut off", len(last)), freeSpace)
}

// TestFullDevice: each kind of output reports that nothing can be written.
func TestFullDevice(t *testing.T) {
	needRoot(t)
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	w := workload(t, systemPython, "obey.py")
	for _, args := range [][]string{{"-o", "json"}, {"-o", "jsonl"}, {"-o", "csv"}, {"-o", "table"}, {"--batch"}, {"dump"}, {"dump", "-o", "json"}, {"doctor"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			args := append(args, "-p", w.pid())
			if strings.HasPrefix(args[0], "-") {
				args = append(args, "-d", "100ms", "-n", "2")
			}
			got := begin(t, func(c *exec.Cmd) { c.Stdout = full }, args...).wait(t)
			got.mustSay(t, exitFailure, "write /dev/stdout: "+fullDisk, freeSpace)
			if strings.Count(got.err, fullDisk) != 1 {
				t.Errorf("it is not said once:\n%s", got.err)
			}
		})
	}
}

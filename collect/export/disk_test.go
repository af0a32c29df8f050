package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pytop/collect"
)

// tiny is a directory on a disk of its own with so much room and so many files,
// which is mounted nowhere: only the test can reach it.
func tiny(t *testing.T, options ...string) string {
	t.Helper()
	mount, err := func() (int, error) {
		disk, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
		if err != nil {
			return 0, err
		}
		defer unix.Close(disk)
		for _, option := range options {
			key, value, _ := strings.Cut(option, "=")
			if err := unix.FsconfigSetString(disk, key, value); err != nil {
				return 0, err
			}
		}
		if err := unix.FsconfigCreate(disk); err != nil {
			return 0, err
		}
		return unix.Fsmount(disk, unix.FSMOUNT_CLOEXEC, 0)
	}()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI must be able to make a file system: %v", err)
		}
		t.Skipf("needs root: a small file system of its own: %v", err)
	}
	t.Cleanup(func() { unix.Close(mount) })
	return fmt.Sprintf("/proc/self/fd/%d", mount)
}

// wide is a snapshot with so many functions.
func wide(functions int) *collect.Snapshot {
	s := shop()
	row := s.Functions[0]
	s.Functions = nil
	for range functions {
		s.Functions = append(s.Functions, row)
	}
	return s
}

// fill writes snapshots until one does not fit, and returns how many did.
func fill(t *testing.T, w Writer, s *collect.Snapshot) (fitted int, err error) {
	t.Helper()
	for range 100 {
		if err = w.Write(s); err == nil && s.Final { // JSON, which is written at the end
			err = w.Close()
		}
		if err != nil {
			var failed *WriteError
			if !errors.As(err, &failed) || !errors.Is(err, syscall.ENOSPC) || strings.Count(err.Error(), "write ") > 1 {
				t.Errorf("%v", err)
			}
			return fitted, err
		}
		fitted++
	}
	t.Fatal("a full disk takes everything")
	return 0, nil
}

// TestFullDisk: a file ends after the last snapshot that fitted, and the error
// says so.
func TestFullDisk(t *testing.T) {
	for _, format := range []Format{JSONL, CSV} {
		t.Run(string(format), func(t *testing.T) {
			path := filepath.Join(tiny(t, "size=64k"), "run")
			file, err := Create(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			w, err := NewWriter(file, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			fitted, err := fill(t, w, wide(100))
			if !strings.Contains(err.Error(), "write "+path) || !strings.Contains(err.Error(), "cut off again") {
				t.Error(err)
			}
			if err := errors.Join(w.Close(), file.Close()); err != nil {
				t.Error(err)
			}
			data, err := os.ReadFile(path)
			if err != nil || fitted == 0 {
				t.Fatalf("%d fitted, %v", fitted, err)
			}
			if format == CSV {
				rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
				if err != nil || len(rows) != 1+100*fitted {
					t.Errorf("%d rows of %d snapshots, %v", len(rows), fitted, err)
				}
				return
			}
			lines := bytes.SplitAfter(data, []byte("\n"))
			if len(lines) != fitted+1 || len(lines[fitted]) != 0 {
				t.Fatalf("%d lines, the last %q, of %d snapshots", len(lines), lines[len(lines)-1], fitted)
			}
			for _, line := range lines[:fitted] {
				if !json.Valid(line) {
					t.Errorf("not whole: %q", line)
				}
			}
		})
	}
}

// TestFullDiskNothing: a file in which no snapshot fitted is not left behind.
func TestFullDiskNothing(t *testing.T) {
	for _, format := range []Format{JSON, JSONL, CSV} {
		t.Run(string(format), func(t *testing.T) {
			dir := tiny(t, "size=64k")
			file, err := Create(filepath.Join(dir, "run"), nil)
			if err != nil {
				t.Fatal(err)
			}
			w, err := NewWriter(file, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			large := wide(5000)
			large.Final = true
			if _, err := fill(t, w, large); !strings.Contains(err.Error(), "the file was removed") {
				t.Error(err)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}

// TestFullStream: where output is not ours to cut, it is said how much of it is
// of a snapshot that did not fit.
func TestFullStream(t *testing.T) {
	path := filepath.Join(tiny(t, "size=64k"), "redirected")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := NewWriter(file, JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fill(t, w, wide(100))
	data, unread := os.ReadFile(path)
	if unread != nil {
		t.Fatal(unread)
	}
	rest := len(data) - 1 - bytes.LastIndexByte(data, '\n')
	if want := fmt.Sprintf("the last %d bytes are of a snapshot that is cut off", rest); rest == 0 || !strings.Contains(err.Error(), want) {
		t.Errorf("%v; %d bytes are cut off", err, rest)
	}
}

// TestFullDevice: what takes nothing at all holds nothing that is cut off.
func TestFullDevice(t *testing.T) {
	for _, format := range []Format{JSON, JSONL, CSV} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		w, err := NewWriter(full, format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := shop()
		s.Final = true
		if _, err := fill(t, w, s); err.Error() != "write /dev/full: no space left on device" {
			t.Errorf("%s: %v", format, err)
		}
		d := &collect.Dump{Process: &collect.Process{PID: 1}}
		for _, err := range []error{WriteDump(full, d, "1"), PrintDump(full, d)} {
			if err == nil || err.Error() != "write /dev/full: no space left on device" {
				t.Errorf("dump: %v", err)
			}
		}
	}
}

// TestSaveOnFullDisk: a snapshot for which there is no room, be it for the
// files or for their content, goes elsewhere as a whole or nowhere.
func TestSaveOnFullDisk(t *testing.T) {
	for _, room := range []string{"size=64k", "nr_inodes=2"} {
		dir, fallback := tiny(t, room), filepath.Join(t.TempDir(), "state")
		saved, err := Save(dir, fallback, wide(5000), []Format{JSON, CSV}, Options{}, nil)
		if err != nil || !errors.Is(saved.Refused, syscall.ENOSPC) || len(saved.Paths) != 2 || filepath.Dir(saved.Paths[0]) != fallback {
			t.Errorf("%s: %+v, %v", room, saved, err)
		}
		_, err = Save(dir, "", wide(5000), []Format{JSON, CSV}, Options{}, nil)
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "nothing is left of this snapshot") {
			t.Errorf("%s: %v", room, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
			t.Errorf("%s: %v, %v", room, entries, err)
		}
	}
}

// TestReplaced: a file that was replaced meanwhile is not removed, and the
// error says what there is.
func TestReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	file, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(path, path+"-moved"), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if left := file.cut(0); !strings.Contains(left, "the file is empty, and is still there: another file has its name") {
		t.Error(left)
	}
	if data, err := os.ReadFile(path); string(data) != "mine" {
		t.Errorf("%q, %v", data, err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloseFails: what the disk says last is not lost.
func TestCloseFails(t *testing.T) {
	file, err := Create(filepath.Join(t.TempDir(), "run"), nil)
	if err != nil {
		t.Fatal(err)
	}
	file.File.Close()
	var failed *WriteError
	if err := file.Close(); !errors.As(err, &failed) || !errors.Is(err, fs.ErrClosed) || !strings.Contains(err.Error(), "may be incomplete") {
		t.Error(err)
	}
	if left := file.cut(7); !strings.Contains(left, "incomplete, and stays so") {
		t.Error(left)
	}
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/tui/format"
)

// TestScreen drives the screen, on terminals, against one Python that works
// all the while.
func TestScreen(t *testing.T) {
	needRoot(t)
	target := strconv.Itoa(shop(t, "600").Pid)
	for name, test := range map[string]func(*testing.T, string){
		"sort": screenSorts, "filter": screenFilters, "pause": screenPauses, "details": screenTellsDetails, "snapshot": screenSaves, "export": screenSavesElsewhere, "sudo": screenSavesForSudo,
		"resize": screenResizes, "help": screenHelps, "interval": screenChangesInterval, "reset": screenResets, "pane": screenShowsPanes,
		"count": func(t *testing.T, pid string) {
			s := newTerminal(t, 100, 30)
			s.run("-d 0.2 -n 5 -p", pid)
			s.ends(exitDone)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, target)
		})
	}
}

// watch opens a screen on the target; readings come quickly, and what they
// cost beside those of other tests is no concern.
func watch(t *testing.T, pid string, width, height int, options ...string) *terminal {
	t.Helper()
	s := newTerminal(t, width, height)
	s.run(append(options, "--budget off -d 0.3 -p", pid)...)
	s.watches()
	return s
}

// ordered tells whether rows are in the order of a column.
func ordered(list []row, title string, falling bool) bool {
	if len(list) < 5 {
		return false
	}
	return slices.IsSortedFunc(list, func(a, b row) int {
		x, y := number(a.cells[title]), number(b.cells[title])
		if falling {
			x, y = y, x
		}
		return int(max(-1, min(1, (x-y)*10)))
	})
}

func screenSorts(t *testing.T, pid string) {
	s := watch(t, pid, 170, 40)
	sorted := func(title string, falling bool) {
		t.Helper()
		sign := " ▲"
		if falling {
			sign = " ▼"
		}
		s.await("rows by "+title+sign, func(text string) bool {
			return strings.Contains(text, title+sign) && ordered(rows(text), title, falling) && counts(text)
		})
	}
	sorted("calls/s", true)
	s.press("s", "s")
	sorted("total", true)
	s.press("r")
	sorted("total", false)
	s.press("1")
	sorted("calls/s", true)
	s.press("r")
	sorted("calls/s", false)
	s.press("r", "s", "s", "s")
	sorted("resumes/s", true)
	s.press(">")
	s.wants("caused wait ▼")
	s.press(">")
	s.await("rows by function", func(text string) bool {
		list := rows(text)
		return strings.Contains(text, "function ▲") && len(list) > 5 && slices.IsSortedFunc(list, func(a, b row) int { return strings.Compare(a.function, b.function) })
	})
}

func screenFilters(t *testing.T, pid string) {
	s := watch(t, pid, 100, 40)
	all := func(text, part string, match bool) bool {
		list := rows(text)
		for _, r := range list {
			if strings.Contains(strings.ToLower(r.function+" "+r.place), part) != match {
				return false
			}
		}
		return len(list) > 0
	}
	s.write("/CART")
	s.await("carts alone", func(text string) bool { return all(text, "cart", true) && strings.Contains(text, "filter: CART") })
	s.press("BSpace", "BSpace", "BSpace", "BSpace")
	s.write("!busy.py")
	s.await("what is not of busy.py", func(text string) bool {
		return all(text, "busy.py", false) && strings.Contains(text, "filter: !busy.py")
	})
	s.press("Enter")
	s.wants("q quit", "filter: !busy.py")
	s.press("Escape")
	s.lacks("filter: ")
	s.write("/no such function")
	s.wants("no function matches “no such function”")
	s.press("Escape")
	s.wants("q quit")
	s.press("Escape")
	s.await("all again", func(text string) bool { return all(text, "", true) && !strings.Contains(text, "filter: ") })
}

func screenPauses(t *testing.T, pid string) {
	s := watch(t, pid, 160, 45)
	s.press("Space")
	still := s.wants("paused since")
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if now := s.text(); now != still {
			t.Fatalf("in a pause the screen moved from\n%s\nto\n%s", still, now)
		}
	}
	before := rows(still)
	s.press("Space")
	s.await("the screen going on", func(text string) bool {
		list := rows(text)
		return !strings.Contains(text, "paused") && len(list) > 0 && list[0].cells["total"] != before[0].cells["total"]
	})
}

var threadLine = regexp.MustCompile(`(?m)^ +\d+  (\S+) .* (\d+) %  +([\d,.kM]+) calls`)

func screenTellsDetails(t *testing.T, pid string) {
	s := watch(t, pid, 120, 40)
	s.press("j", "j", "j")
	text := s.await("a cursor on the third row", func(text string) bool { list := rows(text); return len(list) > 2 && list[2].cursor })
	chosen := rows(text)[2].function
	s.await("the cursor on its function, wherever that is", func(text string) bool {
		for _, r := range rows(text) {
			if r.cursor {
				return r.function == chosen
			}
		}
		return false
	})
	s.press("g")
	s.write("/checksum")
	s.await("checksum alone", func(text string) bool { return len(rows(text)) == 1 })
	s.press("Enter")
	s.wants("q quit")
	s.press("Enter")
	text = s.await("threads that call it", func(text string) bool { return len(threadLine.FindAllString(text, -1)) == 3 })
	shares := 0
	for _, found := range threadLine.FindAllStringSubmatch(text, -1) {
		share, _ := strconv.Atoi(found[2])
		shares += share
		// Threads bear Python's name for them from 3.14 on.
		if !strings.HasPrefix(found[1], "worker-") && !strings.HasPrefix(found[1], "python3") || number(found[3]) <= 0 {
			t.Errorf("thread %q", found[0])
		}
	}
	if shares < 98 || shares > 102 {
		t.Errorf("the threads' shares sum to %d %%:\n%s", shares, text)
	}
	for _, want := range []string{"DETAILS  checksum", "busy.py:", "now", "mean", "most", "of all calls", "no generator or coroutine", "5 min ago"} {
		if !strings.Contains(text, want) {
			t.Errorf("the details lack %q:\n%s", want, text)
		}
	}
	s.press("Escape")
	s.wants("FUNCTIONS")
}

// saved is a snapshot's file.
type saved struct {
	Schema    string `json:"schema"`
	Functions []struct {
		Function  string  `json:"function"`
		Line      int     `json:"line"`
		Calls     uint64  `json:"calls"`
		CallsPerS float64 `json:"calls_per_s"`
	} `json:"functions"`
}

func load(t *testing.T, path string) (list saved) {
	t.Helper()
	about, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if about.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v", path, about.Mode())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &list); err != nil || list.Schema != "pytop/1" {
		t.Fatalf("%s: %v, schema %q", path, err, list.Schema)
	}
	return list
}

func screenSaves(t *testing.T, pid string) {
	dir := t.TempDir()
	s := watch(t, pid, 160, 45, "--export-dir", dir)
	s.press("Space")
	shown := rows(s.wants("paused since"))
	s.press("e")
	s.wants("wrote " + dir + "/pytop-" + pid + "-")
	files, _ := filepath.Glob(filepath.Join(dir, "pytop-"+pid+"-*.json"))
	if len(files) != 1 {
		t.Fatalf("files %q", files)
	}
	list := load(t, files[0])
	for _, r := range shown {
		found := slices.IndexFunc(list.Functions, func(f struct {
			Function  string  `json:"function"`
			Line      int     `json:"line"`
			Calls     uint64  `json:"calls"`
			CallsPerS float64 `json:"calls_per_s"`
		}) bool {
			return f.Function == r.function && strings.Contains(r.place, fmt.Sprintf(":%d", f.Line)) && format.Count(f.Calls) == r.cells["total"]
		})
		if found < 0 {
			t.Errorf("%+v is not in the file", r)
			continue
		}
		if got := format.Rate(list.Functions[found].CallsPerS); got != r.cells["calls/s"] {
			t.Errorf("%s: the file has %s calls/s, the screen %s", r.function, got, r.cells["calls/s"])
		}
	}
	tables, _ := filepath.Glob(filepath.Join(dir, "*-functions.csv"))
	if len(tables) != 1 {
		t.Fatalf("tables %q", tables)
	}
	text, err := os.ReadFile(tables[0])
	if err != nil || strings.Count(string(text), "\n") != 1+len(list.Functions) {
		t.Errorf("the table has %d lines for %d functions (%v)", strings.Count(string(text), "\n"), len(list.Functions), err)
	}
}

// screenSavesForSudo: where the user who called sudo may not write, a snapshot
// goes to that user's state directory, not to root's.
func screenSavesForSudo(t *testing.T, pid string) {
	const user = 54321 // without an account: sudo tells the home
	base := t.TempDir()
	home, roots := filepath.Join(base, "home"), filepath.Join(base, "roots")
	if err := errors.Join(os.Chmod(filepath.Dir(base), 0o755), os.Mkdir(home, 0o700), os.Chown(home, user, user), os.Mkdir(roots, 0o755)); err != nil {
		t.Fatal(err)
	}
	s := newTerminal(t, 160, 30)
	s.write(fmt.Sprintf("cd /; export SUDO_UID=%d SUDO_GID=%[1]d SUDO_USER=ada SUDO_HOME=%s XDG_STATE_HOME=%s; clear", user, home, roots))
	s.press("Enter")
	s.run("--budget off -d 0.3 -p", pid)
	s.watches()
	s.press("e")
	s.wants("wrote " + home + "/.local/state/pytop/pytop-" + pid)
	files, _ := filepath.Glob(filepath.Join(home, ".local/state/pytop/*.json"))
	if len(files) != 1 {
		t.Fatalf("files %q", files)
	}
	about, err := os.Stat(files[0])
	if err != nil || about.Sys().(*syscall.Stat_t).Uid != user {
		t.Errorf("%s is not the user's: %+v, %v", files[0], about.Sys(), err)
	}
}

func screenSavesElsewhere(t *testing.T, pid string) {
	dir := t.TempDir()
	s := watch(t, pid, 160, 30)
	s.press("E", "Tab")
	s.wants("write json to")
	s.press("C-u")
	s.write(dir)
	s.press("Enter")
	s.wants("wrote " + dir)
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 1 || !strings.HasSuffix(files[0], ".json") {
		t.Fatalf("files %q", files)
	}
	load(t, files[0])
	s.press("E", "C-u")
	s.write("/proc/nowhere")
	s.press("Enter")
	s.wants("/.local/state/pytop/pytop-"+pid, "instead: ", "/proc/nowhere")
}

func screenResizes(t *testing.T, pid string) {
	s := watch(t, pid, 80, 24)
	for _, size := range [][2]int{{60, 20}, {40, 8}, {160, 45}, {80, 24}, {250, 60}, {60, 10}} {
		s.resize(size[0], size[1])
		if size[0] < 60 {
			s.wants("pytop needs 60×10, this is 40×8")
			continue
		}
		text := s.await(fmt.Sprintf("a screen of %d×%d", size[0], size[1]), func(text string) bool {
			lines := strings.Split(text, "\n")
			// The clock ends the first line at the right, the key bar is the last.
			full := len([]rune(lines[0])) == size[0]-1 && counts(text) && len(rows(text)) > 0
			return full && (size[1] < 14 || strings.Contains(lines[size[1]-1], "q quit"))
		})
		for _, once := range []string{"FUNCTIONS", "pid " + pid, "tax ", "calls/s"} {
			if n := strings.Count(text, once); n != 1 {
				t.Errorf("%d×%d: %q stands there %d times:\n%s", size[0], size[1], once, n, text)
			}
		}
	}
}

func screenHelps(t *testing.T, pid string) {
	s := watch(t, pid, 80, 24)
	s.press("?")
	s.wants("HELP", "Keys", "filter as you type")
	for range 9 {
		s.press("PgDn")
	}
	s.wants("Probes", "measures")
	s.press("Escape")
	s.lacks("HELP")
	s.watches()
}

func screenChangesInterval(t *testing.T, pid string) {
	s := watch(t, pid, 80, 24)
	s.press("+")
	s.wants("· 0.5 s ·")
	s.press("+")
	s.wants("· 1 s ·")
	s.press("-", "-", "-")
	s.wants("· 0.1 s ·")
	s.watches()
}

func screenResets(t *testing.T, pid string) {
	s := watch(t, pid, 80, 24, "--filter checksum")
	total := func(text string) float64 {
		if list := rows(text); len(list) > 0 {
			return number(list[0].cells["total"])
		}
		return -1
	}
	text := s.await("a total", func(text string) bool { return total(text) > 500 })
	before := total(text)
	s.press("R")
	s.await("a smaller total, and the word", func(text string) bool {
		return total(text) >= 0 && total(text) < before && strings.Contains(text, "totals count from now on")
	})
	s.await("a total that grows again", func(text string) bool { return total(text) > 0 })
}

func screenShowsPanes(t *testing.T, pid string) {
	s := watch(t, pid, 80, 24)
	s.press("Tab")
	s.wants("GIL  ", "blame: ")
	s.press("Tab")
	s.watches()
	s.press("G")
	s.await("the last rows", func(text string) bool {
		list := rows(text)
		return strings.Contains(text, ", from ") && len(list) > 0 && list[len(list)-1].cursor
	})
}

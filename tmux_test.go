package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// terminal is a terminal with a shell in it, of a tmux server of its own.
type terminal struct {
	testing.TB
	server        string // its socket
	width, height int
}

var terminals atomic.Int32

// promptSign is what the shell asks with.
const promptSign = "sh>"

func newTerminal(t testing.TB, width, height int) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must have tmux")
		}
		t.Skip("needs tmux: its terminals are what the screen is drawn on")
	}
	s := &terminal{TB: t, server: filepath.Join(filepath.Dir(built), fmt.Sprintf("tmux-%d", terminals.Add(1)))}
	s.tmux("new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "env", "PS1="+promptSign+" ", "LC_ALL=C.UTF-8", "HOME="+t.TempDir(), "sh",
		";", "set-option", "-g", "status", "off")
	t.Cleanup(s.kill)
	s.resize(width, height)
	s.await("a prompt", func(text string) bool { return strings.Contains(text, promptSign) })
	return s
}

// kill ends the server: its terminals hang up.
func (s *terminal) kill() { exec.Command("tmux", "-S", s.server, "kill-server").Run() } //nolint:errcheck // it may have been killed before

func (s *terminal) tmux(args ...string) string {
	s.Helper()
	out, err := exec.Command("tmux", append([]string{"-u", "-S", s.server, "-f", os.DevNull}, args...)...).CombinedOutput()
	if err != nil {
		s.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (s *terminal) resize(width, height int) {
	s.Helper()
	s.tmux("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
	s.width, s.height = width, height
}

// press sends keys by tmux's names for them: j, Enter, Escape, C-c.
func (s *terminal) press(keys ...string) {
	s.Helper()
	s.tmux(append([]string{"send-keys"}, keys...)...)
}

// write sends text as it is.
func (s *terminal) write(text string) {
	s.Helper()
	s.tmux("send-keys", "-l", text)
}

// run has the shell run pytop, and then say with what status it ended.
func (s *terminal) run(args ...string) {
	s.Helper()
	s.write(built + " " + strings.Join(args, " ") + `; echo "[exit $?]"`)
	s.press("Enter")
}

// text is what the terminal shows.
func (s *terminal) text() string {
	s.Helper()
	return s.tmux("capture-pane", "-p")
}

// soon bounds how long a screen is waited for.
const soon = 10 * time.Second

// await waits until the terminal shows what is wanted, and returns that.
func (s *terminal) await(what string, ok func(text string) bool) string {
	s.Helper()
	text := ""
	for end := time.Now().Add(soon); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if text = s.text(); ok(text) {
			return text
		}
	}
	s.Fatalf("the terminal does not show %s, but:\n%s", what, text)
	return ""
}

// wants waits until all words are in view.
func (s *terminal) wants(words ...string) string {
	s.Helper()
	return s.await(fmt.Sprintf("%q", words), func(text string) bool {
		for _, w := range words {
			if !strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
}

// lacks waits until none of the words is in view.
func (s *terminal) lacks(words ...string) string {
	s.Helper()
	return s.await(fmt.Sprintf("a screen without %q", words), func(text string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return false
			}
		}
		return true
	})
}

var exitLine = regexp.MustCompile(`(?m)^\[exit (\d+)\]$`)

// ends waits for pytop's end and returns what stands on the terminal, which
// must be as it was: the shell asks, on the screen that pytop was called from.
func (s *terminal) ends(status int) string {
	s.Helper()
	text := s.await("the end of pytop, and a prompt", func(text string) bool {
		at := exitLine.FindStringIndex(text)
		return at != nil && strings.Contains(text[at[1]:], promptSign)
	})
	if got := exitLine.FindStringSubmatch(text)[1]; got != strconv.Itoa(status) {
		s.Errorf("exit status %s, want %d:\n%s", got, status, text)
	}
	if on := s.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"); on != "0 1 0\n" {
		s.Errorf("alternate screen, cursor, mouse: %s", on)
	}
	if !strings.Contains(text, built) && !strings.Contains(s.tmux("capture-pane", "-p", "-S", "-"), filepath.Base(built)) {
		s.Errorf("what stood on the terminal before is gone:\n%s", text)
	}
	return text
}

// pytop is the process that the shell runs.
func (s *terminal) pytop() int {
	s.Helper()
	shell := strings.TrimSpace(s.tmux("display-message", "-p", "#{pane_pid}"))
	for range 100 {
		children, _ := os.ReadFile("/proc/" + shell + "/task/" + shell + "/children")
		if pid, err := strconv.Atoi(strings.TrimSpace(string(children))); err == nil {
			return pid
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Fatalf("the shell %s runs no pytop", shell)
	return 0
}

// row is a function as the screen shows it, its cells by their titles.
type row struct {
	cells           map[string]string
	function, place string
	cursor          bool
}

// rows reads the functions pane.
func rows(text string) []row {
	lines := strings.Split(text, "\n")
	at := 0
	for at < len(lines) && !(strings.Contains(lines[at], "calls/s") && strings.Contains(lines[at], "file:line")) {
		at++
	}
	if at == len(lines) {
		return nil
	}
	before, _, _ := strings.Cut(lines[at], "function")
	function := len([]rune(before))
	before, _, _ = strings.Cut(lines[at], "file:line")
	place := len([]rune(before))
	titles := strings.Fields(strings.NewReplacer("▼", "", "▲", "", "last minute", "", "caused wait", "").Replace(string([]rune(lines[at])[:function])))
	var list []row
	for _, line := range lines[at+1:] {
		cells := []rune(line)
		if len(cells) <= place {
			break
		}
		numbers := strings.Fields(strings.Replace(string(cells[:function]), "▸", " ", 1))
		numbers = numbers[:min(len(numbers), len(titles))] // a sparkline and what was made to wait follow them
		if len(numbers) < len(titles) || slices.ContainsFunc(numbers, func(n string) bool { return n != "?" && n != "—" && number(n) < 0 }) {
			break
		}
		r := row{cells: map[string]string{}, function: strings.TrimSpace(string(cells[function:place])), place: strings.TrimSpace(string(cells[place:])), cursor: cells[1] == '▸'}
		for i, title := range titles {
			r.cells[title] = numbers[i]
		}
		list = append(list, r)
	}
	return list
}

// number reads what the screen shows for one: 9,412 or 12.9k; -1 for none.
func number(text string) float64 {
	scale := 1.0
	if i := strings.IndexAny(text, "kMGT"); i > 0 {
		scale = map[byte]float64{'k': 1e3, 'M': 1e6, 'G': 1e9, 'T': 1e12}[text[i]]
		text = text[:i]
	}
	text = strings.TrimLeft(strings.ReplaceAll(text, ",", ""), "<~≥")
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return -1
	}
	return n * scale
}

var headRate = regexp.MustCompile(`calls +([\d.,kM]+)/s`)

// counts tells whether the header shows calls.
func counts(text string) bool {
	found := headRate.FindStringSubmatch(text)
	return found != nil && number(found[1]) > 0
}

// watches waits until calls are on the screen.
func (s *terminal) watches() string {
	s.Helper()
	return s.await("calls", func(text string) bool { return counts(text) && len(rows(text)) > 0 })
}

// shop starts the made-up shop and returns when it runs.
func shop(t testing.TB, seconds string) *os.Process {
	t.Helper()
	c := exec.Command(systemPython, "testdata/workloads/busy.py", seconds)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may have ended
		<-ended
	})
	if n, err := out.Read(make([]byte, 64)); n == 0 {
		t.Fatalf("the shop does not open: %v", err)
	}
	go func() { // a zombie would be no end
		c.Wait() //nolint:errcheck // most are killed
		close(ended)
	}()
	return c.Process
}

// gone waits for a process's end.
func gone(t testing.TB, pid int) {
	t.Helper()
	for end := time.Now().Add(soon); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			return
		}
	}
	t.Errorf("process %d still runs", pid)
}

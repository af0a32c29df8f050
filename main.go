// Command pytop is a live top for CPython: which Python functions run how
// often, in any running, unmodified interpreter, counted exactly with eBPF.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/doctor"
	"pytop/collect/export"
	"pytop/collect/launch"
	"pytop/tui"
	"pytop/tui/format"
)

// version is set when a release is built.
var version = "0.1.0-dev"

// Exit codes. With -- it is the command's own status, or launch.Status….
const (
	exitDone         = 0
	exitFailure      = 1
	exitUsage        = 2
	exitNoTarget     = 3
	exitNotPermitted = 4
	exitNotCountable = 5
)

const help = `pytop: a live top for CPython. Counts every Python call of a running process, from outside.

Usage:
  pytop [--children]         list every CPython of the machine, no probe attached; Enter watches one
  pytop -p PID[,PID…]        watch these processes (--children: and their descendants)
  pytop --all                watch every CPython, also those that start later
  pytop -- python app.py     start a command and watch it from its first call; exit with its status
  pytop dump -p PID          every thread's Python stack now, and who has the GIL; attaches nothing
  pytop demo                 start a small threaded Python workload and watch it
  pytop doctor [-p PID]      what works here, what does not, why, and what to do about it

Options:
%s
On the screen, ? lists the keys and defines every number. Without a terminal, or with --batch or -o, nothing
is drawn: "pytop: ready …" on stderr says that counting has begun, and output follows on stdout. What
the command after -- prints then goes to stderr, unless -o names a FILE. It gets descriptors 0, 1 and 2 only.

Exit codes: 0 done · 1 failure · 2 usage · 3 no such process or not a CPython · 4 not permitted ·
5 its calls cannot be counted. With -- the command's own status, 125 for pytop's failure, 126 and 127 as env(1).
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	status := mainStatus(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// mainStatus runs pytop and returns its exit status.
func mainStatus(ctx context.Context, args []string) int {
	c, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return exitDone
	}
	status := exitDone
	if err == nil {
		if c.command == nil && c.verb != "demo" { // else the command may take its time to end
			go lastResort(ctx)
		}
		status, err = run(ctx, c)
	}
	if err == nil {
		return status
	}
	complain(explain(err, args))
	var wrong usageError
	if errors.As(err, &wrong) {
		fmt.Fprintln(os.Stderr, "pytop --help tells more")
		return exitUsage
	}
	if c.command != nil {
		var start *launch.StartError
		if errors.As(err, &start) {
			return start.Status()
		}
		return launch.StatusFailure
	}
	return statusOf(err)
}

// lastResort ends pytop some time after a signal, whatever it still waits for.
// What is attached goes with it.
func lastResort(ctx context.Context) {
	<-ctx.Done()
	time.Sleep(2 * time.Second)
	complain("ended by a signal while something that is watched, or a reader of its output, did not answer; every probe goes with pytop")
	os.Exit(exitFailure)
}

// complain writes a sentence to the standard error.
func complain(text string) { fmt.Fprintln(os.Stderr, "pytop:", oneLine(text)) }

// oneLine makes a line for the terminal of text in which a target's names may be.
func oneLine(text string) string { return format.Plain(strings.ReplaceAll(text, "\n", "; ")) }

// explain says what went wrong, why, and what to do next.
func explain(err error, args []string) string {
	var start *launch.StartError
	var file *outputError
	var wrote *export.WriteError
	advice := doctor.Advice(err)
	if few, _ := doctor.OutOfFiles(err); few != "" {
		return few + "; " + advice
	}
	switch {
	case errors.As(err, &wrote):
		advice = ""
		if noSpace(wrote) {
			advice = adviceSpace
		}
	case errors.As(err, &start):
		switch start.Status() {
		case launch.StatusNotFound:
			advice = "is it spelt right, and on the PATH?"
		case launch.StatusNotRun:
			advice = "make it executable, or name what runs it: pytop -- python3 " + start.Command
		}
	case errors.As(err, &file) && noSpace(err):
		advice = adviceSpace
	case errors.As(err, &file):
		advice = "name another file, which is not there yet: -o FILE"
	case doctor.Lacks(err) != "":
		return fmt.Sprintf("not permitted: %s; %s", doctor.Lacks(err), withPrivilege(args))
	}
	if advice == "" {
		return err.Error()
	}
	return err.Error() + "; " + advice
}

// withPrivilege says how to run pytop so that it is permitted.
func withPrivilege(args []string) string {
	if os.Geteuid() == 0 {
		return "root lacks it here: give this container or service the capability, or run pytop outside of it"
	}
	self, err := os.Executable()
	if err != nil {
		self = "pytop"
	}
	words := []string{"run: sudo", self}
	for _, one := range args {
		if one == "" || strings.ContainsAny(one, " \t\n'\"\\$`*?[]{}()<>|&;#~!") {
			one = "'" + strings.ReplaceAll(one, "'", `'\''`) + "'"
		}
		words = append(words, one)
	}
	return strings.Join(words, " ")
}

// statusOf is the exit status for an error.
func statusOf(err error) int {
	var file *outputError
	var wrote *export.WriteError
	if errors.As(err, &file) || errors.As(err, &wrote) {
		return exitFailure
	}
	switch doctor.Classify(err) {
	case doctor.NoTarget:
		return exitNoTarget
	case doctor.NotPermitted:
		return exitNotPermitted
	case doctor.NotCountable:
		return exitNotCountable
	}
	return exitFailure
}

// config is what the command line asks for.
type config struct {
	verb      string // "", "dump", "doctor", "demo"
	pids      []int
	children  bool
	all       bool
	command   []string // after --, or demo's
	delay     time.Duration
	count     int
	duration  time.Duration
	top       int
	topGiven  bool
	sort      string
	filter    string
	budget    float64
	probes    []string
	batch     bool
	output    string
	exportDir string
	functions uint32
	ascii     bool
}

// usageError is bad input: what is wrong with it.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usage(format string, a ...any) error { return usageError{fmt.Sprintf(format, a...)} }

// outputError says why the file that -o names cannot be written.
type outputError struct{ err error }

func (e *outputError) Error() string { return e.err.Error() }
func (e *outputError) Unwrap() error { return e.err }

// parse reads the command line. After -h or --version it is pflag.ErrHelp.
func parse(args []string) (config, error) {
	c := config{delay: time.Second, top: 20, budget: 0.5, functions: bpf.DefaultFunctions}
	f := pflag.NewFlagSet("pytop", pflag.ContinueOnError)
	f.SortFlags = false
	f.Usage = func() { fmt.Printf(help, f.FlagUsages()) }
	f.VarP(pids{&c.pids}, "pid", "p", "watch these processes: 4711, or 4711,4712")
	f.BoolVar(&c.children, "children", false, "watch what descends from them too: what runs already, and what starts later from its first call")
	f.BoolVar(&c.all, "all", false, "watch every CPython of the machine, also those that start later")
	f.VarP(seconds{&c.delay}, "delay", "d", "time between readings: 500ms, 2s, 2 (seconds)")
	f.IntVarP(&c.count, "count", "n", 0, "end after so many readings (default: none)")
	f.Var(seconds{&c.duration}, "duration", "end after this time (default: none)")
	f.IntVar(&c.top, "top", c.top, "functions shown; limits JSON and CSV only when given")
	f.StringVar(&c.sort, "sort", "", "column, by its name in JSON: "+strings.Join(tui.SortFields(), ", "))
	f.StringVar(&c.filter, "filter", "", "show functions whose name or file has this text; with ! in front those that do not")
	f.Var(share{&c.budget}, "budget", "share of the target's CPU time that counting may take, and at least 2 % of a core: 10%, 0.1, off")
	f.StringSliceVar(&c.probes, "probes", collect.KindNames(collect.DefaultKinds(collect.Kinds)), "what to measure: "+probeWords())
	f.BoolVar(&c.batch, "batch", false, "print a plain table a reading")
	f.StringVarP(&c.output, "output", "o", "", "table, json (both once, at the end), jsonl, csv, or a new FILE of such an extension")
	f.StringVar(&c.exportDir, "export-dir", ".", "where e on the screen writes")
	f.Uint32Var(&c.functions, "functions", c.functions, "how many live functions the kernel's maps hold")
	f.BoolVar(&c.ascii, "ascii", false, "draw with ASCII only")
	wantVersion := f.Bool("version", false, "print the version")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return c, err
		}
		return c, usage("%v", err)
	}
	if *wantVersion {
		fmt.Println("pytop", version)
		return c, pflag.ErrHelp
	}
	c.topGiven = f.Changed("top")
	words := f.Args()
	if dash := f.ArgsLenAtDash(); dash >= 0 {
		words, c.command = words[:dash], words[dash:]
		if len(c.command) == 0 {
			return c, usage("no command follows --")
		}
	}
	if len(words) > 0 {
		c.verb, words = words[0], words[1:]
	}
	return c, c.check(words)
}

// check finds what does not go together.
func (c *config) check(rest []string) error {
	switch {
	case c.verb != "" && c.verb != "dump" && c.verb != "doctor" && c.verb != "demo":
		return usage("%q is not a command of pytop's; to start a program put -- before it: pytop -- %s", c.verb, c.verb)
	case len(rest) > 0:
		return usage("%q is one word too many", rest[0])
	case c.command != nil && (c.verb != "" || len(c.pids) > 0):
		return usage("a command after -- is watched alone: leave out the rest")
	case c.verb == "dump" && (len(c.pids) == 0 || c.output != "" && c.output != "table" && c.output != "json"):
		return usage("dump takes -p PID, and -o json")
	case c.verb == "demo" && len(c.pids) > 0:
		return usage("demo watches its own workload: leave out -p")
	case c.all && (c.verb != "" || c.command != nil || len(c.pids) > 0):
		return usage("--all watches every CPython: leave out the rest")
	case c.children && (c.all || c.verb != ""):
		return usage("--children goes with -p PID, -- COMMAND, or the list")
	case c.listing() && c.headless():
		return usage("say what to watch: pytop -p PID, pytop --all, pytop -- COMMAND, or pytop demo")
	case c.delay < 50*time.Millisecond || c.delay > time.Hour:
		return usage("--delay %v is not between 50ms and 1h", c.delay)
	case c.count < 0:
		return usage("--count %d is not a number of readings: give 1 or more, or 0 for no end", c.count)
	case c.top < 1:
		return usage("--top %d is not a number of functions: give 1 or more", c.top)
	case c.functions < 16 || c.functions > 1<<24:
		return usage("--functions %d is not between 16 and %d", c.functions, 1<<24)
	case c.sort != "" && !slices.Contains(tui.SortFields(), c.sort):
		return usage("--sort %s: the columns are %s", c.sort, strings.Join(tui.SortFields(), ", "))
	}
	for _, probe := range c.probes {
		if !slices.Contains(collect.KindNames(collect.Kinds), probe) {
			return usage("--probes %s: the probes are %s", probe, probeWords())
		}
	}
	if len(c.probes) == 0 {
		return usage("--probes: name at least one of %s", probeWords())
	}
	seen := map[int]bool{}
	for _, pid := range c.pids {
		if seen[pid] {
			return usage("-p %d is given twice: give each PID once", pid)
		}
		seen[pid] = true
	}
	if c.output != "" && c.output != "table" {
		if _, _, err := c.outputFormat(); err != nil {
			return usage("-o %s: %v, and table; a FILE needs one of these extensions", c.output, err)
		}
	}
	return nil
}

// probeWords lists the words that --probes takes.
func probeWords() string { return strings.Join(collect.KindNames(collect.Kinds), ", ") }

// listing tells whether the CPythons are listed, and nothing is watched at first.
func (c *config) listing() bool {
	return c.verb == "" && c.command == nil && len(c.pids) == 0 && !c.all
}

// headless tells whether nothing is drawn.
func (c *config) headless() bool {
	return c.batch || c.output != "" || !term.IsTerminal(0) || !term.IsTerminal(1) || os.Getenv("TERM") == "dumb"
}

// outputFormat is the format and, if it is not standard output, the file.
func (c *config) outputFormat() (format export.Format, file string, err error) {
	if format, err = export.ParseFormat(c.output); err == nil {
		return format, "", nil
	}
	if !strings.ContainsAny(c.output, "./") {
		return "", "", err
	}
	format, err = export.FormatOf(c.output)
	return format, c.output, err
}

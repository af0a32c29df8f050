package main

import (
	"strings"
	"testing"
)

// TestUsage: each wrong command line gets an answer that says what to type.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string
		want string
	}{
		{"", "say what to watch: pytop -p PID, pytop --all, pytop -- COMMAND, or pytop demo"},
		{"--children", "say what to watch: pytop -p PID"},
		{"--children --all", "--children goes with -p PID, -- COMMAND, or the list"},
		{"dump -p 1 --children", "--children goes with -p PID, -- COMMAND, or the list"},
		{"--all -p 1", "--all watches every CPython: leave out the rest"},
		{"--bogus", "unknown flag: --bogus"},
		{"-p 0", `"0" is not the number of a process, like 4711 or 4711,4712`},
		{"-p -5", `"-5" is not the number of a process`},
		{"-p python", `"python" is not the number of a process`},
		{"-p 1,", `"" is not the number of a process`},
		{"-p 99999999999999999999", "is not the number of a process"},
		{"-p 7,8,7", "-p 7 is given twice: give each PID once"},
		{"-p 7 -p 7", "-p 7 is given twice"},
		{"-p 1 -d 1ms", "--delay 1ms is not between 50ms and 1h"},
		{"-p 1 -d 2h", "is not between 50ms and 1h"},
		{"-p 1 -d soon", `"soon" is not a time like 500ms, 2s or 2`},
		{"-p 1 -d NaN", `"NaN" is not a time`},
		{"-p 1 -d 1e300", `"1e300" is not a time`},
		{"-p 1 --duration -3", `"-3" is not a time like 500ms, 2s or 2`},
		{"-p 1 -n -1", "give 1 or more, or 0 for no end"},
		{"-p 1 -n x", `invalid argument "x" for "-n, --count"`},
		{"-p 1 --top 0", "--top 0 is not a number of functions: give 1 or more"},
		{"-p 1 --sort colour", "--sort colour: the columns are pid, calls_per_s,"},
		{"-p 1 --budget 0", `"0" is not a share like 10%, 0.1 or off`},
		{"-p 1 --budget 150%", "is not a share like 10%, 0.1 or off"},
		{"-p 1 --budget NaN", "is not a share"},
		{"-p 1 --functions 1", "--functions 1 is not between 16 and 16777216"},
		{"-p 1 -o xml", `no format called "xml": known are json, jsonl and csv, and table`},
		{"-p 1 -o out.xml", "a FILE needs one of these extensions"},
		{"watch", "to start a program put -- before it: pytop -- watch"},
		{"doctor two", `"two" is one word too many`},
		{"demo -p 1", "leave out -p"},
		{"-p 1 -- true", "a command after -- is watched alone: leave out the rest"},
		{"doctor -- true", "leave out the rest"},
		{"--", "no command follows --"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			got := pytop(t, strings.Fields(test.args)...)
			got.mustSay(t, exitUsage, "pytop: ", test.want, "pytop --help tells more")
			if got.out != "" {
				t.Errorf("wrote %q to standard output", got.out)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	help := pytop(t, "--help")
	help.mustSay(t, exitDone)
	for _, want := range []string{
		"--pid", "-p", "--delay", "-d", "--count", "-n", "--duration", "--top", "--sort", "--filter", "--budget", "--batch", "--output", "-o",
		"--export-dir", "--functions", "--ascii", "--version", "pytop doctor", "pytop demo", "pytop -- ", "Exit codes:",
	} {
		if !strings.Contains(help.out, want) {
			t.Errorf("%s is not in the help", want)
		}
	}
	got := pytop(t, "--version")
	got.mustSay(t, exitDone)
	if got.out != "pytop "+version+"\n" {
		t.Errorf("--version: %q", got.out)
	}
}

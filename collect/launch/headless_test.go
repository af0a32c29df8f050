package launch

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// headless is what main does when nothing is drawn.
func headless(t *testing.T) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM)
	c, err := Start(Options{Args: []string{pythons(t)[0], "-uc",
		"import time\n" +
			"try: print(input()); time.sleep(60)\nexcept KeyboardInterrupt: time.sleep(.2); print('interrupted once'); raise SystemExit(5)"}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for one := range signals {
			c.Forward(one.(syscall.Signal))
		}
	}()
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	os.Exit(c.Wait().Status())
}

// bare runs a command as it is.
func bare(b *testing.B, args []string) {
	for b.Loop() {
		if err := exec.Command(args[0], args[1:]...).Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func traced(b *testing.B, args []string) {
	var until time.Duration
	for b.Loop() {
		began := time.Now()
		c, err := Start(Options{Args: args, Capture: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Attach(isPython, func(int) error { until += time.Since(began); return nil }, Patience); err != nil {
			b.Fatal(err)
		}
		c.Wait()
		c.Close()
	}
	b.ReportMetric(float64(until.Milliseconds())/float64(b.N), "ms-until-held")
}

// BenchmarkStart compares starting a CPython with starting it traced.
func BenchmarkStart(b *testing.B) {
	all := pythons(b)
	for _, test := range []struct {
		name string
		args []string
	}{
		{"executable", []string{"/usr/bin/python3", "-c", ""}},
		{"libpython", []string{all[len(all)-1], "-c", ""}},
		{"shell", []string{"sh", "-c", "exec " + all[len(all)-1] + " -c ''"}},
		{"PATH", []string{"python3", "-c", ""}}, // maybe a wrapper, as pyenv's
	} {
		b.Run(test.name+"/bare", func(b *testing.B) { bare(b, test.args) })
		b.Run(test.name+"/traced", func(b *testing.B) { traced(b, test.args) })
	}
}

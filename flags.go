package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pids are process numbers on the command line.
type pids struct{ to *[]int }

func (p pids) Type() string { return "PID" }
func (p pids) String() string {
	if p.to == nil {
		return ""
	}
	return strings.Trim(fmt.Sprint(*p.to), "[]")
}
func (p pids) Set(text string) error {
	for _, one := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(one))
		if err != nil || n < 1 || n > 1<<22 { // PID_MAX_LIMIT of 64-bit Linux
			return fmt.Errorf("%q is not the number of a process, like 4711 or 4711,4712", one)
		}
		*p.to = append(*p.to, n)
	}
	return nil
}

// seconds is a time on the command line; a bare number is seconds.
type seconds struct{ to *time.Duration }

func (s seconds) Type() string { return "time" }
func (s seconds) String() string {
	if s.to == nil || *s.to == 0 {
		return ""
	}
	return s.to.String()
}
func (s seconds) Set(text string) error {
	whole := text
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		whole = strconv.FormatFloat(n, 'f', -1, 64) + "s"
	}
	d, err := time.ParseDuration(whole)
	if err != nil || d < 0 {
		return fmt.Errorf("%q is not a time like 500ms, 2s or 2", text)
	}
	*s.to = d
	return nil
}

// share is a part of a whole on the command line; 0 is no limit.
type share struct{ to *float64 }

func (s share) Type() string { return "share" }
func (s share) String() string {
	if s.to == nil || *s.to == 0 {
		return "off"
	}
	return strconv.FormatFloat(100**s.to, 'f', -1, 64) + "%"
}
func (s share) Set(text string) error {
	if text == "off" {
		*s.to = 0
		return nil
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		n /= 100
	}
	if err != nil || !(n > 0 && n <= 1) {
		return fmt.Errorf("%q is not a share like 10%%, 0.1 or off", text)
	}
	*s.to = n
	return nil
}

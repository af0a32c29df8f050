package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

const (
	mostCached = 256 << 10 // bytes; a plan of twenty sites has 6,000
	mostSites  = 500       // of one kind
	mostWords  = 4 << 10   // bytes of what is said to people
)

// restore reads a cached plan. Everything that the file can tell is taken from
// the file: the plan must agree with it, instruction by instruction, and each
// must begin where the file's own functions have one.
func restore(f *elf.File, p *cpython.Python, b []byte) (*Plan, error) {
	var plan Plan
	set := isaOf(f.Machine())
	if set == nil {
		return nil, errors.New("a plan for another machine")
	}
	if len(b) > mostCached {
		return nil, errors.New("a plan of too many bytes")
	}
	if err := json.Unmarshal(b, &plan); err != nil {
		return nil, err
	}
	if len(plan.Calls) == 0 {
		return nil, errors.New("a plan without sites")
	}
	if !readable(plan.Method) || !readable(plan.Weak) {
		return nil, errors.New("a plan whose words are no words")
	}
	for _, sites := range [][]Site{plan.Calls, plan.Freed, plan.Instrument, plan.Executor} {
		if len(sites) > mostSites {
			return nil, errors.New("a plan of too many sites")
		}
		seen := map[uint64]bool{}
		for i := range sites {
			if err := sites[i].restore(set); err != nil {
				return nil, fmt.Errorf("site %#x: %w", sites[i].Address, err)
			}
			if seen[sites[i].Address] {
				return nil, fmt.Errorf("site %#x: twice", sites[i].Address)
			}
			seen[sites[i].Address] = true
		}
	}
	if err := prove(f, p, &plan); err != nil {
		return nil, err
	}
	return &plan, nil
}

// readable tells whether a text is fit for a screen.
func readable(s string) bool {
	return len(s) <= mostWords && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// restore checks that a site is one that Find could have made.
func (s *Site) restore(set *isa) error {
	if len(s.Bytes) == 0 || len(s.Bytes) > set.longest {
		return errors.New("not an instruction")
	}
	i := set.decode(s.Address, s.Bytes)
	known := func(r Register) bool { return r == None || r < set.registers && r != set.stack }
	switch {
	case int(i.size) != len(s.Bytes) || i.flow == stops || i.cheap != s.Cheap:
		return errors.New("not the instruction it says")
	case s.When > IfNotTaken || s.When == Always && s.Condition != 0:
		return errors.New("no such condition")
	case s.When != Always && (i.flow != branches || i.condition != s.Condition || i.condition >= ifZero):
		return errors.New("not the branch it says")
	case !known(s.Code) || !known(s.Frame) || !known(s.Next) || !known(s.Throw) || s.Slot%8 != 0 || s.Ahead > 15:
		return errors.New("no such register or slot")
	}
	s.Text = set.disassemble(s.Address, s.Bytes)
	return nil
}

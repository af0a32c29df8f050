package live

import (
	"errors"
	"time"
)

// trialTime is how long counting is tried before its cost is judged.
const trialTime = 50 * time.Millisecond

// trial lets the probes count for a moment, so that a target that cannot bear
// them is let go before anything is shown.
func (s *Source) trial() error {
	if s.options.FromStart {
		return nil
	}
	if err := s.poll(); err != nil {
		return err
	}
	for _, p := range s.order {
		p.mark = p.markAt(s.polled)
	}
	time.Sleep(trialTime)
	if err := s.poll(); err != nil {
		return err
	}
	if err := s.refuse(); err != nil {
		return err
	}
	return s.hold(trialTime)
}

// someLive is an error when all that was to be watched ended meanwhile.
func (s *Source) someLive() error {
	var ended error
	if s.options.All {
		return nil // others will come
	}
	for _, p := range s.order {
		if ended = whenEnded(p.info.PID, errEnded); ended == errEnded { //nolint:errorlint // that very one
			return nil
		}
	}
	return ended
}

var errEnded = errors.New("ended")

// ready makes now the zero of all counts.
func (s *Source) ready() error {
	s.since = time.Now()
	if s.options.FromStart {
		for _, p := range s.order {
			if p.attached.Before(s.since) {
				s.since = p.attached
			}
		}
		return nil
	}
	if err := s.poll(); err != nil { // what was called since the trial was before
		return err
	}
	s.since = time.Now()
	s.functions.rebase()
	for _, p := range s.order {
		p.base, p.zero, p.note, p.lapse = p.state, p.total, "", lapse{}
		p.counted, p.attached = 0, s.since
	}
	return nil
}

package functions

import "pytop/collect"

// rebase makes the totals of functions count from base on. Both are in
// ascending ID. What a process had called by then is, once it has ended and is
// no longer listed, in the function of that name of all that ended; what its
// functions had for which another row of it stands since, is folded.
func rebase(rows []collect.FunctionRow, base []collect.CodeCount, folded map[uint64]collect.Totals) {
	gone, lives := map[codeName]collect.Totals{}, map[int]bool{}
	for i := range rows {
		if f := &rows[i]; f.Code.More {
			lives[f.Code.PID] = true
			f.Calls -= min(f.Calls, folded[f.Code.ID].Calls)
			f.Resumes -= min(f.Resumes, folded[f.Code.ID].Resumes)
		}
	}
	leave := func(c *collect.CodeCount) {
		if lives[c.Code.PID] {
			return
		}
		n := nameOf(c.Code)
		gone[n] = collect.Totals{Calls: gone[n].Calls + c.Calls, Resumes: gone[n].Resumes + c.Resumes}
	}
	for i := range rows {
		f := &rows[i]
		for ; len(base) > 0 && base[0].Code.ID < f.Code.ID; base = base[1:] {
			leave(&base[0])
		}
		if len(base) > 0 && base[0].Code.ID == f.Code.ID {
			f.Calls -= min(f.Calls, base[0].Calls)
			f.Resumes -= min(f.Resumes, base[0].Resumes)
			base = base[1:]
		}
	}
	for i := range base {
		leave(&base[i])
	}
	for i := range rows {
		if f := &rows[i]; f.Code.PID == 0 && len(gone) > 0 {
			n := gone[nameOf(f.Code)]
			f.Calls -= min(f.Calls, n.Calls)
			f.Resumes -= min(f.Resumes, n.Resumes)
		}
	}
}

// Rebase makes the totals of functions count from base on.
func (*Pane) Rebase(s *collect.Snapshot, base, cur *collect.Reading) {
	rebase(s.Functions, base.Codes, collect.Folded(base.Codes, cur.Codes))
}

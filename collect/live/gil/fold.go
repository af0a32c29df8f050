package gil

// keptThreads is how many ended threads are kept each for itself.
const keptThreads = 4096

// foldThreads adds what the oldest ended threads did to one that stands for
// all such of a process, when there are many.
func (t *table) foldThreads() {
	ended := 0
	for _, o := range t.all {
		if o.folds() {
			ended++
		}
	}
	if ended < 2*keptThreads {
		return
	}
	kept := t.all[:0]
	for _, o := range t.all {
		if !o.folds() || ended <= keptThreads {
			kept = append(kept, o)
			continue
		}
		ended--
		name := threadName{o.name.pid, 0}
		sum := t.byTID[name]
		if sum == nil {
			t.lastID++
			sum = &thread{id: t.lastID, name: name, process: o.process, comm: "(ended)"}
			t.byTID[name] = sum
			kept = append(kept, sum)
		}
		sum.done.add(&o.done)
		o.folded = sum
		sum.cpu += o.cpu
	}
	clear(t.all[len(kept):])
	t.all = kept
	t.rename(t.list())
}

// folds tells whether a thread has ended, and the kernel has no more to say of it.
func (o *thread) folds() bool { return o.ended && o.slotID == 0 && o.name.tid != 0 }

// rename makes what is known by the kernel's ids of threads that were folded
// that of what stands for them.
func (t *table) rename(list []*followed) {
	ids := map[uint64]uint64{}
	for id, o := range t.slots {
		if o.folded == nil {
			continue
		}
		ids[id] = 1<<63 | o.folded.id // none of the kernel's
		delete(t.slots, id)
		t.slots[ids[id]] = o.folded
	}
	name := func(id uint64) uint64 {
		if other, ok := ids[id]; ok {
			return other
		}
		return id
	}
	for _, g := range list {
		for _, o := range g.gils {
			pairs := make(map[pair]pairCount, len(o.pairs))
			for key, n := range o.pairs {
				key = pair{name(key.from), name(key.to)}
				pairs[key] = pairs[key].plus(n)
			}
			blame := make(map[blamed]blameCount, len(o.blame))
			for key, n := range o.blame {
				key.holder = name(key.holder)
				n.add(blame[key])
				blame[key] = n
			}
			o.pairs, o.blame = pairs, blame
		}
	}
}

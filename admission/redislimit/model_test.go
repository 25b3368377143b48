package redislimit_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/admission"
)

// model is what a waiting room must look like, without any order between groups: that is
// the business of the fairness tests. It accepts grants and says what is wrong with them.
type model struct {
	epoch   int64
	last    int64 // the newest generation seen
	caps    admission.Caps
	window  int
	waiting map[string]admission.Request
	holding map[string]held
}

// held is a job that holds slots. It came from a request unless a rebuild brought it.
type held struct {
	generation int64
	group      string
	keys       []admission.Key
	request    *admission.Request
	entered    bool
}

func newModel() *model {
	return &model{waiting: map[string]admission.Request{}, holding: map[string]held{}}
}

// keysOf are all keys a request needs.
func keysOf(r admission.Request) []admission.Key {
	if r.Resource == "" {
		return r.Keys
	}
	return append(slices.Clone(r.Keys), r.Resource)
}

// capOf returns a key's slots and whether it is limited at all.
func (m *model) capOf(key admission.Key) (int, bool) {
	if key.Dimension() == admission.ResourceDimension {
		return 1, true
	}
	for _, name := range []admission.Key{key, key.Default()} {
		if slots, ok := m.caps[name]; ok {
			return slots, true
		}
	}
	return 0, false
}

func (m *model) heldOf(key admission.Key) int {
	n := 0
	for _, h := range m.holding {
		if slices.Contains(h.keys, key) {
			n++
		}
	}
	return n
}

func (m *model) full(key admission.Key) bool {
	slots, limited := m.capOf(key)
	return limited && m.heldOf(key) >= slots
}

func (m *model) notEntered() int {
	n := 0
	for _, h := range m.holding {
		if !h.entered {
			n++
		}
	}
	return n
}

func (m *model) submit(r admission.Request) {
	if _, holds := m.holding[r.JobID]; !holds {
		m.waiting[r.JobID] = r
	}
}

func (m *model) enter(id string) {
	h := m.holding[id]
	h.entered = true
	m.holding[id] = h
}

func (m *model) release(id string) {
	delete(m.waiting, id)
	delete(m.holding, id)
}

func (m *model) cancel(id string) {
	delete(m.waiting, id)
	if !m.holding[id].entered {
		delete(m.holding, id)
	}
}

// setCaps replaces the caps and recalls what they pause.
func (m *model) setCaps(caps admission.Caps) {
	m.caps = caps
	for id, h := range m.holding {
		paused := slices.ContainsFunc(h.keys, func(k admission.Key) bool {
			slots, limited := m.capOf(k)
			return limited && slots == 0
		})
		if paused && !h.entered && h.request != nil {
			delete(m.holding, id)
			m.waiting[id] = *h.request
		}
	}
}

// rebuild begins a new epoch in which only entered jobs hold slots, as the catalog would
// have it, and returns the snapshot for that.
func (m *model) rebuild() admission.Snapshot {
	m.epoch++
	s := admission.Snapshot{Epoch: m.epoch, Caps: m.caps, Window: m.window}
	for id, h := range m.holding {
		if !h.entered {
			delete(m.holding, id)
			continue
		}
		s.Holders = append(s.Holders, admission.Holder{
			JobID: id, Generation: h.generation, Group: h.group, Keys: h.keys, Since: time.UnixMilli(1), Entered: true,
		})
		h.request = nil
		m.holding[id] = h
	}
	m.waiting = map[string]admission.Request{}
	return s
}

// accept applies grants in their order and returns what is wrong with one of them.
func (m *model) accept(grants []admission.Grant) error {
	if len(grants) > 9*admission.MaxGrants {
		return fmt.Errorf("%d grants in one call", len(grants))
	}
	for _, g := range grants {
		if err := m.acceptOne(g); err != nil {
			return fmt.Errorf("grant %+v: %w", g, err)
		}
	}
	return nil
}

func (m *model) acceptOne(g admission.Grant) error {
	r, ok := m.waiting[g.JobID]
	if !ok {
		return fmt.Errorf("the job does not wait")
	}
	if g.Group != r.Group {
		return fmt.Errorf("its group is %s", r.Group)
	}
	if admission.EpochOf(g.Generation) != m.epoch || g.Generation <= m.last {
		return fmt.Errorf("generation after %d in epoch %d", m.last, m.epoch)
	}
	for _, key := range keysOf(r) {
		if m.full(key) {
			return fmt.Errorf("key %s is full", key)
		}
	}
	if m.notEntered() >= m.window {
		return fmt.Errorf("window of %d is full", m.window)
	}
	if first := m.firstOf(r); first != r.JobID {
		return fmt.Errorf("job %s of its group comes first", first)
	}
	m.last = g.Generation
	delete(m.waiting, g.JobID)
	m.holding[g.JobID] = held{generation: g.Generation, group: r.Group, keys: keysOf(r), request: &r}
	return nil
}

// firstOf returns who of r's group is next among those whose resource is free.
func (m *model) firstOf(r admission.Request) string {
	var line []admission.Request
	for _, w := range m.waiting {
		if w.Ring == r.Ring && w.Group == r.Group && (w.Resource == "" || !m.full(w.Resource)) {
			line = append(line, w)
		}
	}
	return slices.MinFunc(line, before).JobID
}

// before orders requests of one group.
func before(a, b admission.Request) int {
	last := func(t time.Time) int64 {
		if t.IsZero() {
			return 1 << 60
		}
		return t.UnixMilli()
	}
	return cmp.Or(cmp.Compare(a.Band, b.Band), cmp.Compare(last(a.Deadline), last(b.Deadline)),
		cmp.Compare(a.JobID, b.JobID))
}

// eligible returns a waiting job that could be granted now, if there is one.
func (m *model) eligible() (string, bool) {
	if m.notEntered() >= m.window {
		return "", false
	}
	for id, r := range m.waiting {
		if !slices.ContainsFunc(keysOf(r), m.full) {
			return id, true
		}
	}
	return "", false
}

// place says where the room must have a job.
func (m *model) place(id string) admission.Place {
	if h, ok := m.holding[id]; ok {
		if h.entered {
			return admission.Entered
		}
		return admission.Granted
	}
	if _, ok := m.waiting[id]; ok {
		return admission.Waiting
	}
	return admission.Absent
}

// holders are the model's holders in the order of their ids.
func (m *model) holders() []admission.Holder {
	var list []admission.Holder
	for _, id := range slices.Sorted(maps.Keys(m.holding)) {
		h := m.holding[id]
		keys := slices.Sorted(slices.Values(h.keys))
		list = append(list, admission.Holder{JobID: id, Generation: h.generation, Group: h.group, Keys: keys, Entered: h.entered})
	}
	return list
}

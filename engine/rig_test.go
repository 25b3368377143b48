package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/engine"
	"holdfast/internal/testkit"
	"holdfast/test/rig"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// errCatalogDown is what a catalog answers that cannot be reached.
var errCatalogDown = errors.New("catalog does not answer")

// flakyStore is a catalog whose Commit fails once for the mutation that fails matches.
type flakyStore struct {
	engine.Store
	mu    sync.Mutex
	fails func(catalog.Mutation) bool
}

func (s *flakyStore) Commit(ctx context.Context, m catalog.Mutation) (catalog.Job, error) {
	s.mu.Lock()
	fails := s.fails != nil && s.fails(m)
	if fails {
		s.fails = nil
	}
	s.mu.Unlock()
	if fails {
		return catalog.Job{}, errCatalogDown
	}
	return s.Store.Commit(ctx, m)
}

// recordsRef matches the commit of a reference, the one right after the AWS call.
func recordsRef(m catalog.Mutation) bool { return m.Job.Ref != "" && m.From == catalog.Created }

// hookedSlots lets something happen around the entry of a grant.
type hookedSlots struct {
	engine.Slots
	beforeEnter, afterEnter func()
}

func (s hookedSlots) Enter(ctx context.Context, g admission.Grant) error {
	if s.beforeEnter != nil {
		s.beforeEnter()
	}
	err := s.Slots.Enter(ctx, g)
	if s.afterEnter != nil {
		s.afterEnter()
	}
	return err
}

// hookedDriver is a driver some of whose methods a test replaces. It can be copied from
// and restored to as the one it wraps.
type hookedDriver struct {
	driver.Driver
	driver.Copier
	driver.Restorer
	mu            sync.Mutex
	start         func(driver.StartRequest) (driver.Ref, error)
	remove        func(driver.DeleteRequest) error
	look          func(driver.LookRequest) (map[driver.Ref]driver.Status, error)
	find          func()
	finishRestore func() error
}

// hook returns rig options whose driver is the hookedDriver that is returned too.
func hook(o rig.Options) (rig.Options, *hookedDriver) {
	h := &hookedDriver{}
	o.Wrap = func(d driver.Driver) driver.Driver {
		h.Driver, h.Copier, h.Restorer = d, d.(driver.Copier), d.(driver.Restorer)
		return h
	}
	return o, h
}

// set changes the hooks.
func (h *hookedDriver) set(change func(*hookedDriver)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

func (h *hookedDriver) Start(ctx context.Context, req driver.StartRequest) (driver.Ref, error) {
	h.mu.Lock()
	start := h.start
	h.mu.Unlock()
	if start != nil {
		return start(req)
	}
	return h.Driver.Start(ctx, req)
}

func (h *hookedDriver) Delete(ctx context.Context, req driver.DeleteRequest) error {
	h.mu.Lock()
	remove := h.remove
	h.mu.Unlock()
	if remove != nil {
		return remove(req)
	}
	return h.Driver.Delete(ctx, req)
}

func (h *hookedDriver) Look(ctx context.Context, req driver.LookRequest) (map[driver.Ref]driver.Status, error) {
	h.mu.Lock()
	look := h.look
	h.mu.Unlock()
	if look != nil {
		return look(req)
	}
	return h.Driver.Look(ctx, req)
}

func (h *hookedDriver) Find(ctx context.Context, req driver.FindRequest) (driver.Ref, error) {
	ref, err := h.Driver.Find(ctx, req)
	h.mu.Lock()
	find := h.find
	h.find = nil
	h.mu.Unlock()
	if find != nil {
		find()
	}
	return ref, err
}

func (h *hookedDriver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	h.mu.Lock()
	finish := h.finishRestore
	h.mu.Unlock()
	if finish != nil {
		return finish()
	}
	return h.Restorer.FinishRestore(ctx, req, ref)
}

// wantArtefacts fails unless job has exactly n artefacts on AWS.
func wantArtefacts(t *testing.T, r *rig.Rig, jobID string, n int) {
	t.Helper()
	if got := r.Artefacts()[jobID]; got != n {
		t.Errorf("job %s has %d artefacts on AWS, want %d", jobID, got, n)
	}
}

// wantState fails unless the job is in state.
func wantState(t *testing.T, r *rig.Rig, jobID string, state catalog.State) catalog.Job {
	t.Helper()
	job := r.Job(jobID)
	if job.State != state {
		t.Fatalf("job is %s (%s: %s), want %s", job.State, job.Class, job.Message, state)
	}
	return job
}

// wantPlace fails unless admission has the job there.
func wantPlace(t *testing.T, r *rig.Rig, jobID string, place admission.Place) {
	t.Helper()
	if got := r.Explain(jobID).Place; got != place {
		t.Errorf("admission has the job %s, want %s", got, place)
	}
}

// granted submits job and returns the grant of its start task, taken from the queue.
func granted(t *testing.T, r *rig.Rig, jobID string) admission.Grant {
	t.Helper()
	r.Submit()
	for _, info := range r.Tasks() {
		if g := r.Grant(info); g.JobID == jobID {
			r.Take(info)
			return g
		}
	}
	t.Fatalf("no start task of job %s: %v", jobID, r.TaskIDs())
	return admission.Grant{}
}

// newBackup stores one backup of one resource and returns its job.
func newBackup(r *rig.Rig) catalog.Job {
	job := r.NewBackup("one", r.AddResources(1)[0])
	r.Insert(job)
	return job
}

// oneSlot is a cap of one operation on the account.
func oneSlot() admission.Caps {
	return admission.Caps{admission.NewKey("account", rig.Account): 1}
}

package rig

import (
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// AddResources makes n resources at home and lists them into the inventory.
func (r *Rig) AddResources(n int) []resource.Resource {
	r.TB.Helper()
	made := r.Cloud.AddResources(Home(), n)
	r.SyncInventory()
	return made
}

// SyncInventory lists the resources at home.
func (r *Rig) SyncInventory() {
	r.TB.Helper()
	r.Must(r.Engine.SyncInventory(r.Context(), catalog.InventoryScope{
		Partition: Home().Partition, Account: Account, Region: HomeRegion, Kind: r.Drivers.Kinds()[0],
	}))
}

// NewBackup returns the manual backup job called name of source.
func (r *Rig) NewBackup(name string, source resource.Resource) catalog.Job {
	return catalog.NewBackup(catalog.JobID(name), source, Home().Partition, "somebody", r.Clock.Now())
}

// Insert stores new jobs.
func (r *Rig) Insert(jobs ...catalog.Job) {
	r.TB.Helper()
	n, err := r.Store.InsertJobs(r.Context(), jobs)
	r.Must(err)
	if n != len(jobs) {
		r.TB.Fatalf("%d of %d jobs were new", n, len(jobs))
	}
}

// Finish carries every job that has not ended as far as it goes within passes of submit,
// work, look and the time an AWS operation takes.
func (r *Rig) Finish(passes int) {
	r.TB.Helper()
	for range passes {
		r.Submit()
		r.Work(r.Engine)
		r.Advance(Took + Lag)
		r.Look(r.Engine)
	}
}

// BackedUp makes n completed backups of source and returns their recovery points.
func (r *Rig) BackedUp(source resource.Resource, names ...string) []catalog.RecoveryPoint {
	r.TB.Helper()
	points := make([]catalog.RecoveryPoint, len(names))
	for i, name := range names {
		job := r.NewBackup(name, source)
		r.Insert(job)
		r.Finish(1)
		point, ok := r.Point(job.ID)
		if !ok {
			r.TB.Fatalf("backup %s left no point: %+v", name, r.Job(job.ID))
		}
		points[i] = point
	}
	return points
}

// Artefacts counts what exists on AWS, seen or not, by the job whose mark it carries.
func (r *Rig) Artefacts() map[string]int {
	count := map[string]int{}
	for _, at := range []resource.Scope{Home(), Away()} {
		for _, item := range append(r.Cloud.Points(at), r.Cloud.Resources(at)...) {
			if mark, ok := driver.MarkFromTags(item.Tags); ok && mark.Installation == Installation {
				count[mark.JobID]++
			}
		}
	}
	return count
}

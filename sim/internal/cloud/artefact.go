package cloud

import (
	"sort"
	"time"

	"holdfast/driver"
	"holdfast/resource"
)

// Artefact is something a backup, copy or restore made: a snapshot, a backup, a restored
// volume, instance or table.
type Artefact struct {
	Kind      resource.Kind     `json:"kind"`
	Operation driver.Operation  `json:"operation"`
	Place     Place             `json:"place"`
	ID        string            `json:"id"` // what AWS calls it: snap-0a1b, a DB snapshot identifier
	ARN       string            `json:"arn"`
	Name      string            `json:"name,omitempty"`
	Source    string            `json:"source"` // the ARN it was truly made from
	Tags      map[string]string `json:"tags,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	// DeletedAt is zero while the artefact exists.
	DeletedAt time.Time `json:"deleted_at,omitzero"`
	Failed    bool      `json:"failed,omitempty"`
	// SharedWith has the accounts that were let have it and still may.
	SharedWith []string `json:"shared_with,omitempty"`
}

// Mark returns the Holdfast mark in the artefact's tags, or else in its name.
func (a Artefact) Mark() (driver.Mark, bool) {
	if m, ok := driver.MarkFromTags(a.Tags); ok {
		return m, true
	}
	return driver.ParseName(a.Name)
}

// together reports whether both existed at one instant.
func (a Artefact) together(b Artefact) bool {
	return (a.DeletedAt.IsZero() || b.CreatedAt.Before(a.DeletedAt)) &&
		(b.DeletedAt.IsZero() || a.CreatedAt.Before(b.DeletedAt))
}

// History returns every artefact ever made, deleted ones too, oldest first.
func (o *Organization) History() []Artefact {
	var all []Artefact
	for _, s := range o.services {
		s.mu.Lock()
		all = append(all, s.Artefacts(o.clock.Now())...)
		s.mu.Unlock()
	}
	sort.SliceStable(all, func(i, j int) bool {
		if !all[i].CreatedAt.Equal(all[j].CreatedAt) {
			return all[i].CreatedAt.Before(all[j].CreatedAt)
		}
		return all[i].ARN < all[j].ARN
	})
	return all
}

// Artefacts returns the artefacts that exist, oldest first.
func (o *Organization) Artefacts() []Artefact {
	var live []Artefact
	for _, a := range o.History() {
		if a.DeletedAt.IsZero() {
			live = append(live, a)
		}
	}
	return live
}

// Duplicates counts the artefacts beyond the first that carry the mark of one job and
// existed at the same time as an earlier one of it, whether deleted since or not.
func (o *Organization) Duplicates() int { return len(Duplicates(o.History())) }

// Duplicates returns the artefacts beyond the first that carry the mark of one job and
// existed at the same time as an earlier one, from a history ordered by creation.
func Duplicates(history []Artefact) []Artefact {
	type job struct{ installation, id string }
	seen := map[job][]Artefact{}
	var extra []Artefact
	for _, a := range history {
		m, ok := a.Mark()
		if !ok {
			continue
		}
		key := job{m.Installation, m.JobID}
		for _, earlier := range seen[key] {
			if earlier.together(a) {
				extra = append(extra, a)
				break
			}
		}
		seen[key] = append(seen[key], a)
	}
	return extra
}

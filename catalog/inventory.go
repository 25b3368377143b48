package catalog

import (
	"time"

	"holdfast/failure"
	"holdfast/resource"
)

// InventoryScope is one (account, region, kind) and how its listings went.
type InventoryScope struct {
	Partition   string        `json:"partition"`
	Account     string        `json:"account"`
	Region      string        `json:"region"`
	Kind        resource.Kind `json:"kind"`
	AttemptedAt time.Time     `json:"attempted_at,omitzero"`
	SyncedAt    time.Time     `json:"synced_at,omitzero"` // last complete listing without errors
	Class       failure.Class `json:"class,omitempty"`    // of the last attempt, empty when it was good
	Message     string        `json:"message,omitempty"`
	Resources   int           `json:"resources"`
}

// InventorySync is the outcome of one listing. Only a Complete one may mark resources
// as gone.
type InventorySync struct {
	Scope     InventoryScope // Partition, Account, Region and Kind are read
	StartedAt time.Time
	EndedAt   time.Time
	Complete  bool
	Resources []resource.Resource
	Class     failure.Class
	Message   string
}

// InventoryItem is a resource in the inventory.
type InventoryItem struct {
	resource.Resource
	FirstSeenAt time.Time `json:"first_seen_at,omitzero"` // zero: before this was recorded
	SeenAt      time.Time `json:"seen_at"`
	GoneAt      time.Time `json:"gone_at,omitzero"` // zero: still there
}

// refusedTogether is how far apart listings may be that are held against each other: those
// of one account are asked for in one go.
const refusedTogether = 10 * time.Minute

// RegionRefused reports whether region refuses every listing of account for want of
// permission while the account's role works in another region. That is the region's fault,
// as where it is not enabled or a policy denies it, and not the role's. It is pure.
func RegionRefused(scopes []InventoryScope, account, region string) bool {
	var refusedAt, goodAt time.Time
	for _, s := range scopes {
		switch {
		case s.Account != account:
		case s.Region != region:
			if s.Class == "" && s.SyncedAt.After(goodAt) {
				goodAt = s.SyncedAt
			}
		case s.Class != failure.Credentials && s.Class != failure.Denied:
			return false
		case s.AttemptedAt.After(refusedAt):
			refusedAt = s.AttemptedAt
		}
	}
	return !refusedAt.IsZero() && goodAt.After(refusedAt.Add(-refusedTogether))
}

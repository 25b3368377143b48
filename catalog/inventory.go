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

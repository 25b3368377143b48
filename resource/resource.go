package resource

import "encoding/json"

// Scope is where an inventory listing or an AWS call happens.
type Scope struct {
	Partition string `json:"partition"`
	Account   string `json:"account"`
	Region    string `json:"region"`
}

// Resource is one thing that can be backed up, as a complete listing saw it.
type Resource struct {
	ARN     string            `json:"arn"`
	Kind    Kind              `json:"kind"`
	Account string            `json:"account"`
	Region  string            `json:"region"`
	Name    string            `json:"name,omitempty"` // the id AWS calls take: vol-0a1b, orders-db, Orders
	Tags    map[string]string `json:"tags,omitempty"`
	// Settings is what a later restore needs to build a resource like this one,
	// in the shape the kind's driver defines. It never holds a secret.
	Settings json.RawMessage `json:"settings,omitempty"`
	// Unsupported says why this resource cannot be backed up (it is listed all the
	// same, so that nothing is silently unprotected); empty when it can.
	Unsupported string `json:"unsupported,omitempty"`
}

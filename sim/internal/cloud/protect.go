package cloud

import (
	"holdfast/resource"
)

// Protected is what AWS Backup sees of a resource when a backup of it begins.
type Protected struct {
	Kind      resource.Kind
	Type      string // AWS Backup's name of the kind: EFS, S3, VirtualMachine
	ARN       string
	Name      string
	SizeBytes int64
	Tags      map[string]string
	// Metadata are what GetRecoveryPointRestoreMetadata tells of a point of it.
	Metadata map[string]string
	// Refusal is why a backup job of it fails; empty when it does not.
	Refusal string
}

// Rebuild asks for a resource from a recovery point of Of.
type Rebuild struct {
	Of       Protected
	JobID    string // of the restore job, which is the artefact's id
	Metadata map[string]string
	Progress Progress
}

// Protectable is a Service whose resources AWS Backup protects.
type Protectable interface {
	// Protect returns the resource with an ARN; ok is false when there is none.
	Protect(c *Call, arn string) (p Protected, ok bool)
	// Rebuild makes a resource and returns its ARN, or says why the metadata do not do.
	Rebuild(c *Call, r Rebuild) (arn string, err error)
}

// Protect asks the service that has the resource with an ARN about it. Only AWS Backup
// calls it: no service may call back.
func (c *Call) Protect(arn string) (p Protected, ok bool) {
	h, s := c.protectable(arn)
	if s == nil {
		return Protected{}, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.Protect(c, arn)
}

// Rebuild has the service of the source make a resource from a recovery point.
func (c *Call) Rebuild(r Rebuild) (arn string, err error) {
	h, s := c.protectable(r.Of.ARN)
	if s == nil {
		return "", Errorf("InvalidParameterValueException", "there is no service for %s", r.Of.ARN)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.Rebuild(c, r)
}

func (c *Call) protectable(arn string) (*hosted, Protectable) {
	parsed, err := resource.ParseARN(arn)
	if err != nil {
		return nil, nil
	}
	for _, h := range c.org.services {
		if s, ok := h.Service.(Protectable); ok && h.Name == parsed.Service {
			return h, s
		}
	}
	return nil, nil
}

// In returns the call as one in another place.
func (c *Call) In(p Place) *Call {
	there := *c
	there.Place = p
	return &there
}

// HasPlace reports whether the organization has the account, active, and the region.
func (c *Call) HasPlace(p Place) bool { return c.org.accounts[p.Account] && c.org.regions[p.Region] }

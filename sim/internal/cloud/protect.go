package cloud

import (
	"time"

	"holdfast/driver"
	"holdfast/resource"
)

// Protected is what AWS Backup sees of a resource when a backup of it begins.
type Protected struct {
	Kind      resource.Kind
	Type      string // AWS Backup's name of the kind: EFS, EBS, VirtualMachine
	ARN       string
	Name      string
	SizeBytes int64
	Tags      map[string]string
	// Metadata are what GetRecoveryPointRestoreMetadata tells of a point of it.
	Metadata map[string]string
	// Refusal is why a backup job of it fails; empty when it does not.
	Refusal string
	// Encrypted is whether the service's own artefacts of it are, with Key.
	Encrypted bool
	Key       string
	// State is the service's own record of the resource as it was, if it needs one.
	State any
}

// Rebuild asks for a resource from a recovery point of Of.
type Rebuild struct {
	Of       Protected
	Point    string // ARN of the recovery point
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

// Keeper is a Protectable whose recovery points are artefacts of its own, as snapshots of
// volumes are: the service shows them, and has their tags.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
type Keeper interface {
	Protectable
	// Keep makes the artefact and returns its ARN.
	Keep(c *Call, k Keep) (arn string, err error)
	// KeptTags returns the tags of such an artefact.
	KeptTags(c *Call, arn string) map[string]string
	// Discard says when such an artefact ceases to exist.
	Discard(c *Call, arn string, at time.Time)
}

// Keep asks for the artefact that is a recovery point of Of.
type Keep struct {
	Of        Protected
	Operation driver.Operation // backup, or copy of the artefact From
	From      string           // ARN
	Vault     string           // with the ARN, the id of the recovery point
	Key       string           // it is encrypted with; "" for none
	Tags      map[string]string
	Progress  Progress
}

// TagSource is the system tag AWS Backup puts on the artefacts it makes.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/tags-on-backups.html
const TagSource = "aws:backup:source-resource"

// Kept is what a service remembers of an artefact that AWS Backup made; the zero value is
// one that AWS Backup did not make.
type Kept struct {
	Vault string
	Gone  time.Time // when AWS Backup deletes it, zero while nobody asked
}

// By reports whether AWS Backup made the artefact.
func (k Kept) By() bool { return k.Vault != "" }

// Is reports whether the artefact exists as far as AWS Backup is concerned.
func (k Kept) Is(now time.Time) bool { return k.Gone.IsZero() || now.Before(k.Gone) }

// ID returns what an artefact with an ARN is called: by VAULT/ARN when AWS Backup made it,
// otherwise by its own id.
func (k Kept) ID(own, arn string) string {
	if k.Vault == "" {
		return own
	}
	return k.Vault + "/" + arn
}

// End returns when the artefact ceased to exist, zero when it did not.
func (k Kept) End(deleted, now time.Time) time.Time {
	if deleted.IsZero() && !k.Is(now) {
		return k.Gone
	}
	return deleted
}

// Keeps reports whether recovery points of a resource are its service's own artefacts.
func (c *Call) Keeps(of Protected) bool {
	_, s := c.protectable(of.ARN)
	_, ok := s.(Keeper)
	return ok
}

// Keep has the service of the resource make the artefact that is a recovery point.
func (c *Call) Keep(k Keep) (arn string, err error) {
	h, s := c.protectable(k.Of.ARN)
	keeper, ok := s.(Keeper)
	if !ok {
		return "", Errorf("InternalFailure", "%s has no artefacts of its own", k.Of.ARN)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return keeper.Keep(c, k)
}

// KeptTags returns the tags of a recovery point that is an artefact of a service.
func (c *Call) KeptTags(of Protected, arn string) map[string]string {
	h, s := c.protectable(of.ARN)
	keeper, ok := s.(Keeper)
	if !ok {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return keeper.KeptTags(c, arn)
}

// Discard tells the service when a recovery point ceases to exist.
func (c *Call) Discard(of Protected, arn string, at time.Time) {
	h, s := c.protectable(of.ARN)
	keeper, ok := s.(Keeper)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	keeper.Discard(c, arn, at)
}

// Within returns the call as part of an operation that is in progress already: what it
// begins is that operation.
func (c *Call) Within(p Progress) *Call {
	inner := *c
	inner.within = &p
	return &inner
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

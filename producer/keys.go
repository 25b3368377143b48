package producer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

// The dimensions of admission keys. A cap on dimension=* is the default of all keys of
// the dimension.
const (
	DimensionFleet       = "fleet"       // fleet=all: everything in progress
	DimensionUnit        = "unit"        // unit=NAME: everything in an organizational unit, those inside it too
	DimensionAccount     = "account"     // account=ID: backups, copies and expiries of an account
	DimensionRestores    = "restores"    // restores=ID: restores of an account
	DimensionDestination = "destination" // destination=ACCOUNT/REGION: copies on their way there, of every kind
	DimensionResource    = "resource"    // one operation at a time on a resource or point
)

// Units returns the organizational units an account is in, outermost first.
type Units func(account string) []string

// Of returns the units of account; nobody is in any when u is nil.
func (u Units) Of(account string) []string {
	if u == nil {
		return nil
	}
	return u(account)
}

// QuotaDimension is the dimension of AWS's own limit on an operation of a kind, whose
// keys are quota-KIND-OPERATION=ACCOUNT/REGION. AWS Backup counts the jobs of all kinds
// together: its own name stands for the kind.
func QuotaDimension(kind resource.Kind, engine driver.Engine, operation driver.Operation) string {
	subject := string(kind)
	if engine == driver.AWSBackup {
		subject = string(engine)
	}
	return fmt.Sprintf("quota-%s-%s", subject, operation)
}

// The types of jobs inside a group, first served first; inside a type priority decides.
const (
	bandManual = iota
	bandBackup
	bandCopy
	bandExpire
)

// NewRequest returns what job asks admission for when its account is in units.
func NewRequest(job catalog.Job, units Units) admission.Request {
	r := admission.Request{
		JobID: job.ID, Ring: admission.Normal, Group: groupOf(job), Account: job.Account,
		Keys: sharedKeys(job, units), Resource: resourceKey(job), Band: band(job), Deadline: deadline(job),
	}
	if job.Type == driver.Restore {
		r.Ring = admission.Express
	}
	return r
}

// AccountDimension returns the dimension an account's operations are counted in.
func AccountDimension(operation driver.Operation) string {
	if operation == driver.Restore {
		return DimensionRestores
	}
	return DimensionAccount
}

// groupOf names the line a job waits in. Engines count against quotas of their own, and
// every job of a line needs the same keys. operationOf reads the last part again.
func groupOf(job catalog.Job) string {
	kind := string(job.Kind)
	if job.Engine == driver.AWSBackup {
		kind += "." + string(job.Engine)
	}
	return job.Account + "/" + job.Region + "/" + kind + "/" + string(job.Type)
}

// sharedKeys returns the keys every job of the group needs. A copy counts where it goes.
func sharedKeys(job catalog.Job, units Units) []admission.Key {
	keys := []admission.Key{admission.NewKey(DimensionFleet, "all")}
	for _, unit := range units.Of(job.Account) {
		keys = append(keys, admission.NewKey(DimensionUnit, unit))
	}
	place := job.Account + "/" + job.Region
	keys = append(keys, admission.NewKey(AccountDimension(job.Type), job.Account),
		admission.NewKey(QuotaDimension(job.Kind, job.Engine, job.Type), place))
	if job.Type == driver.Copy {
		keys = append(keys, admission.NewKey(DimensionDestination, place))
	}
	return keys
}

// resourceKey returns the key that keeps two operations off one thing: backups of one
// resource, copies of one resource into one region (AWS queues those one after another),
// deletions and moves of one point. Into another account it is one copy of the resource whatever
// the region: the account has the source while the copy runs, and the end of one copy
// must not take it from another. Restores never wait for anything of their source.
func resourceKey(job catalog.Job) admission.Key {
	switch job.Type {
	case driver.Restore:
		return ""
	case driver.Expire, driver.Archive:
		return hashKey(job.PointID)
	case driver.Copy:
		if source, err := resource.ParseARN(job.ResourceARN); err == nil && source.Account != job.Account {
			return hashKey(job.ResourceARN + "|" + job.Account)
		}
		fallthrough
	default:
		return hashKey(job.ResourceARN + "|" + job.Account + "|" + job.Region)
	}
}

// hashKey shortens s: resource keys exist once per waiting job, so their size counts.
func hashKey(s string) admission.Key {
	sum := sha256.Sum256([]byte(s))
	return admission.NewKey(DimensionResource, hex.EncodeToString(sum[:8]))
}

// priorities is how many priorities there are; a type of job has a band for each.
const priorities = catalog.MaxPriority - catalog.MinPriority + 1

// band is the job's place by type and, inside its type, by priority.
func band(job catalog.Job) int {
	priority := min(max(job.Spec.Priority, catalog.MinPriority), catalog.MaxPriority)
	return typeBand(job)*priorities + catalog.MaxPriority - priority
}

func typeBand(job catalog.Job) int {
	switch {
	case job.Type == driver.Copy:
		return bandCopy
	case job.Type == driver.Expire, job.Type == driver.Archive:
		return bandExpire
	case job.Plan == "":
		return bandManual
	default:
		return bandBackup
	}
}

// deadline orders jobs of a band: by when they should have begun, or have to.
func deadline(job catalog.Job) time.Time {
	if due := job.Spec.DueBy; !due.IsZero() && (job.StartBy.IsZero() || due.Before(job.StartBy)) {
		return due
	}
	return job.StartBy
}

// DefaultCaps returns the caps that hold where the catalog has none: perAccount and
// restores per account, fleet for everything (0 = none), and AWS's quotas from the
// descriptors.
func DefaultCaps(perAccount, restores, fleet int, descriptors []driver.Descriptor) admission.Caps {
	caps := admission.Caps{
		admission.NewKey(DimensionAccount, "*"):  perAccount,
		admission.NewKey(DimensionRestores, "*"): restores,
	}
	if fleet > 0 {
		caps[admission.NewKey(DimensionFleet, "all")] = fleet
	}
	for _, d := range descriptors {
		for _, q := range d.Quotas {
			caps[admission.NewKey(QuotaDimension(d.Kind, d.Engine, q.Operation), "*")] = q.Limit
		}
	}
	return caps
}

package operator

import (
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/policy"
	"holdfast/policy/preview"
	"holdfast/resource"
	"holdfast/scheduler"
)

// detours returns the ways of the copies a rule makes of r that need more than one step.
// Which key encrypts a recovery point shows when it is there: a way that only some points
// have to go says which.
func (o *Office) detours(rule policy.Rule, r resource.Resource) (found []preview.Detour) {
	drv, ok := o.Drivers.For(r.Kind, scheduler.EngineOf(rule, o.Drivers, r.Kind))
	if !ok {
		return nil
	}
	facts := drv.Descriptor()
	point := catalog.RecoveryPoint{Partition: o.Partition, Account: r.Account, Region: r.Region}
	sealed := point
	sealed.Encrypted, sealed.KMSKeyID = true, driver.AWSManagedKey(point.Scope(), string(r.Kind))
	for _, c := range scheduler.BackupSpec(rule, r, facts).Copies {
		plain, rekeyed := catalog.Way(point, c, facts), catalog.Way(sealed, c, facts)
		if len(plain) > 1 {
			found = append(found, preview.Detour{Steps: steps(plain)})
		}
		if needsKey(rekeyed) {
			found = append(found, preview.Detour{Steps: steps(rekeyed), When: "where a key that AWS manages encrypts them"})
		}
	}
	return found
}

// needsKey reports whether the way is one that what AWS's key encrypts must go.
func needsKey(way []catalog.CopySpec) bool { return way[0].KMSKeyID == driver.TransitKey }

func steps(way []catalog.CopySpec) (text []string) {
	for _, c := range way {
		step := "to " + c.Region + " of " + c.Account
		if c.KMSKeyID != "" {
			step += " with key " + c.KMSKeyID
		}
		text = append(text, step)
	}
	return text
}

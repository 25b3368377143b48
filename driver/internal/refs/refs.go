// Package refs has what drivers do with the references of a Look.
package refs

import "holdfast/driver"

// Strings returns refs as the plain identifiers AWS's filters take.
func Strings(refs []driver.Ref) []string {
	out := make([]string, len(refs))
	for i, ref := range refs {
		out[i] = string(ref)
	}
	return out
}

// Deleted turns what a complete listing showed of refs into the progress of their
// deletion: what is not there is Gone, what still is there is Pending. It changes seen.
func Deleted(refs []driver.Ref, seen map[driver.Ref]driver.Status) {
	for _, ref := range refs {
		status, there := seen[ref]
		switch {
		case !there:
			seen[ref] = driver.Status{State: driver.Gone, Progress: -1}
		case status.State != driver.Gone:
			status.State, status.Progress = driver.Pending, -1
			seen[ref] = status
		}
	}
}

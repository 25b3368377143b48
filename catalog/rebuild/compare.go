package rebuild

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// The kinds of drift between catalog and AWS.
const (
	Missing     = "missing"     // in the catalog, not on AWS
	Extra       = "extra"       // ours on AWS, not in the catalog
	Changed     = "changed"     // AWS says something else of it
	Orphaned    = "orphaned"    // what it was made of is gone
	Undeletable = "undeletable" // its deletion does not come to an end
)

// Drift is one difference.
type Drift struct {
	Kind      string        `json:"kind"`
	Point     string        `json:"point"` // id of the job that made it
	Ref       driver.Ref    `json:"ref"`
	Of        resource.Kind `json:"of"`
	Account   string        `json:"account"`
	Region    string        `json:"region"`
	Message   string        `json:"message"`
	SizeBytes int64         `json:"size_bytes,omitempty"`
	// MonthlyUSD is what the point costs at most in a month at AWS's list price: snapshots
	// that share blocks with others cost less.
	MonthlyUSD float64 `json:"monthly_usd,omitempty"`
}

// World is what Compare knows beside AWS.
type World struct {
	Installation string
	Now          time.Time
	Points       []catalog.RecoveryPoint // AVAILABLE and EXPIRING ones
	// Gone reports whether a complete listing no longer has a resource.
	Gone func(arn string) bool
	// Problem returns what the last expiry of a point that failed said; "" when none did.
	Problem func(pointID string) string
}

// settling is how long AWS and the catalog may disagree about a point that was just made.
const settling = 2 * time.Hour

// Compare returns the drift between the catalog and complete scans, ordered by kind and
// point. Places that could not be listed are left out: they say nothing.
func Compare(scans []Scan, w World) []Drift {
	onAWS, listed := map[string]Found{}, map[string]bool{}
	for _, s := range scans {
		listed[s.String()] = s.Complete()
		for _, f := range s.Found {
			if f.Mark.Installation == w.Installation {
				onAWS[f.Mark.JobID] = f
			}
		}
	}
	var drift []Drift
	known := map[string]bool{}
	for _, p := range w.Points {
		known[p.ID] = true
		found, there := onAWS[p.ID]
		place := Scan{Scope: p.Scope(), Kind: p.Kind, Engine: p.Engine}
		drift = append(drift, w.judge(p, found, there, listed[place.String()])...)
	}
	for id, f := range onAWS {
		if !known[id] && f.State != driver.Pending && f.State != driver.Gone && w.Now.Sub(f.Point.CreatedAt) > settling {
			drift = append(drift, Drift{
				Kind: Extra, Point: id, Ref: f.Point.Ref, Of: f.Kind, Account: f.Scope.Account, Region: f.Scope.Region,
				Message:   "it carries our mark and is not in the catalog: `holdfast catalog rebuild` takes it over",
				SizeBytes: f.Point.SizeBytes, MonthlyUSD: monthly(f.Kind, f.Point.SizeBytes),
			})
		}
	}
	slices.SortFunc(drift, func(a, b Drift) int { return strings.Compare(a.Kind+a.Point, b.Kind+b.Point) })
	return drift
}

// judge compares one point with what AWS shows of it.
func (w World) judge(p catalog.RecoveryPoint, f Found, there, listed bool) (drift []Drift) {
	add := func(kind, format string, args ...any) {
		d := Drift{Kind: kind, Point: p.ID, Ref: p.Ref, Of: p.Kind, Account: p.Account, Region: p.Region, Message: fmt.Sprintf(format, args...), SizeBytes: p.SizeBytes}
		if kind != Missing {
			d.MonthlyUSD = monthly(p.Kind, p.SizeBytes)
		}
		drift = append(drift, d)
	}
	switch {
	case !there && listed && p.State == catalog.Available && w.Now.Sub(p.CompletedAt) > settling:
		add(Missing, "AWS has it no more: somebody deleted it, or took its mark off")
	case there:
		for _, c := range changes(p, f) {
			add(Changed, "%s", c)
		}
	}
	if problem := w.Problem(p.ID); problem != "" {
		add(Undeletable, "its deletion failed: %s", problem)
	}
	if w.Gone(p.ResourceARN) {
		add(Orphaned, "%s is gone", p.ResourceARN)
	}
	return drift
}

// changes says in what AWS differs from the catalog. What AWS does not say is no change.
func changes(p catalog.RecoveryPoint, f Found) (list []string) {
	differs := func(what, have, now string) {
		if have != now && now != "" {
			list = append(list, fmt.Sprintf("%s was %q and is %q", what, have, now))
		}
	}
	differs("its reference", string(p.Ref), string(f.Point.Ref))
	differs("its source", p.ResourceARN, f.Mark.SourceARN)
	differs("its key", p.KMSKeyID, f.Point.KMSKeyID)
	if p.Encrypted && !f.Point.Encrypted {
		list = append(list, "it is not encrypted any more")
	}
	if !f.Mark.DeleteAfter.IsZero() && !f.Mark.DeleteAfter.Equal(p.DeleteAt.Truncate(time.Second)) {
		list = append(list, fmt.Sprintf("its tag says to delete it after %s, the catalog %s", f.Mark.DeleteAfter.Format(time.RFC3339), p.DeleteAt.Format(time.RFC3339)))
	}
	if f.State == driver.Failed || f.State == driver.Gone {
		list = append(list, "AWS shows it as "+string(f.State))
	}
	return list
}

// prices are AWS's list prices in us-east-1 for a GB and month of warm backup storage.
// Sources: https://aws.amazon.com/ebs/pricing/ https://aws.amazon.com/rds/pricing/
// https://aws.amazon.com/dynamodb/pricing/ https://aws.amazon.com/backup/pricing/
// https://aws.amazon.com/fsx/lustre/pricing/ https://aws.amazon.com/fsx/windows/pricing/
var prices = map[resource.Kind]float64{
	resource.EBS: 0.05, resource.EC2: 0.05, resource.RDS: 0.095, resource.Aurora: 0.021, resource.Neptune: 0.021,
	resource.DocDB: 0.021, resource.DynamoDB: 0.10, resource.EFS: 0.05, resource.S3: 0.05, resource.VMware: 0.05,
	resource.FSxLustre: 0.05, resource.FSxWindows: 0.05, resource.StorageGateway: 0.05,
}

// gigabyte is the unit AWS bills backup storage in.
const gigabyte = 1 << 30

func monthly(kind resource.Kind, bytes int64) float64 {
	return math.Round(prices[kind]*float64(bytes)/gigabyte*100) / 100
}

// Undeleted says why the last deletion of a point failed, from the class and the message it
// ended with.
func Undeleted(class failure.Class, message string) string {
	why := map[failure.Class]string{
		failure.Denied:      "the expire role may not delete it, or is gone",
		failure.Credentials: "the expire role cannot be assumed, or its account is gone",
		failure.NotFound:    "its account, or what it lies in, is gone",
		failure.Busy:        "something uses it, such as an image made of it",
		failure.Conflict:    "something uses it, such as an image made of it",
		failure.Invalid:     "something uses it, such as an image made of it, or AWS does not take the call",
		failure.Held:        "a hold, a lock of the snapshot or its vault, or an image made of it keeps it",
	}[class]
	if why == "" {
		return message
	}
	return fmt.Sprintf("%s (%s: %s)", why, class, message)
}

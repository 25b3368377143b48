package trial

import (
	"strings"

	"holdfast/policy/jsonlist"
	"holdfast/policy/retention"
)

// goodStates are how recovery points are called that can be restored: Holdfast's word and
// AWS Backup's.
var goodStates = map[string]bool{"": true, "AVAILABLE": true, "COMPLETED": true}

// ReadPoints reads recovery points from JSON: a list of {"id","created_at"}, or an object
// with the list under points, as `holdfast points list --output json` prints it and as
// AWS Backup's ListRecoveryPoints answers. Optional keys are delete_at, state, resource_arn,
// account, region (which make the series) and holds. Problems are nil when all is well.
func ReadPoints(data []byte) ([]retention.Point, []jsonlist.Problem) {
	var points []retention.Point
	seen := map[string]int{}
	problems := jsonlist.Read(data, []string{"points", "recovery_points"}, func(item *jsonlist.Item) {
		p := readPoint(item)
		if first, twice := seen[p.ID]; twice && p.ID != "" {
			item.Problem("id", "%s is the id of point %d too: give each point its own", p.ID, first)
		}
		seen[p.ID] = item.Index
		points = append(points, p)
	})
	return points, problems
}

func readPoint(item *jsonlist.Item) retention.Point {
	p := retention.Point{
		ID:        item.Needed("id", "point_id", "recovery_point_arn", "arn"),
		CreatedAt: item.Instant("created_at", "creation_date", "created"),
		DeleteAt:  item.Instant("delete_at"),
		Series:    series(item.Text("resource_arn", "resource"), item.Text("account"), item.Text("region")),
	}
	if !item.Has("created_at", "creation_date", "created") {
		item.Problem("created_at", "is missing: want when the point was created, like 2026-05-05T12:00:00Z")
	}
	if state := strings.ToUpper(item.Text("state", "status")); !goodStates[state] {
		p.Unusable = "state " + state
	} else if item.Has("good") && !item.Is("good") {
		p.Unusable = "it is not good"
	}
	if item.Is("hold", "holds", "held", "legal_hold") {
		p.Held = "the point has a hold"
	}
	return p
}

// series joins what tells apart which points can stand in for each other.
func series(parts ...string) string { return strings.Trim(strings.Join(parts, " "), " ") }

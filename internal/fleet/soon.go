package fleet

import (
	"fmt"
	"strings"
	"time"
)

// Soon stands, in the schedules of a policy, for the minute and the hour, in UTC, of the
// first fire: cron({soon} * * ? *) becomes cron(37 22 * * ? *). Start chooses it when the
// servers are up, so that their start takes nothing from it.
const Soon = "{soon}"

// headStart is what our processes get to start in. A rule that nobody has seen before its
// hour has no history, and would fire a day later.
const headStart = 20 * time.Second

// Fill puts a time into a policy: Soon becomes the first whole minute that leaves the
// processes which read it, from now on, enough time to start.
func Fill(policy string, now time.Time) (filled string, at time.Time) {
	at = now.UTC().Add(headStart + time.Minute - 1).Truncate(time.Minute)
	return strings.ReplaceAll(policy, Soon, fmt.Sprintf("%d %d", at.Minute(), at.Hour())), at
}

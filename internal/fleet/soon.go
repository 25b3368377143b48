package fleet

import "time"

// Soon, in the schedules of a policy, stands for the minute and the hour, in UTC, of the
// first fire: cron({soon} * * ? *) becomes cron(37 22 * * ? *). It is chosen when the
// servers are up, so that their start takes nothing from it.
const Soon = "{soon}"

// headStart is what our processes get to start in. A rule that nobody has seen before its
// hour has no history, and would fire a day later.
const headStart = 25 * time.Second

// nextFire returns the first whole minute that is at least headStart after now.
func nextFire(now time.Time) time.Time {
	return now.Add(headStart + time.Minute - 1).Truncate(time.Minute)
}

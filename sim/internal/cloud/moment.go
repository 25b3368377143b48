package cloud

import "time"

// momentLag is how far continuous backups are behind.
// Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
const momentLag = 5 * time.Minute

// Moments returns the first and the last moment that continuous backups of a thing can
// restore, which was made at an instant and whose backups reach some days back.
func Moments(now, made time.Time, days int) (first, last time.Time) {
	first, last = now.AddDate(0, 0, -days), now.Add(-momentLag)
	if first.Before(made) {
		first = made
	}
	return first, last
}

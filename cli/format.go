package cli

import (
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/operator"
)

// instantText gives a time as people and scripts both read it, "-" for none.
func instantText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// durationText rounds d to what matters: 5s, 12m, 3h20m, 4d.
func durationText(d time.Duration) string { return operator.DurationText(d) }

// runtimeText says how long AWS has worked on job.
func runtimeText(job catalog.Job, now time.Time) string {
	switch {
	case job.StartedAt.IsZero():
		return "-"
	case job.EndedAt.IsZero():
		return durationText(now.Sub(job.StartedAt))
	default:
		return durationText(job.EndedAt.Sub(job.StartedAt))
	}
}

// sizeText gives bytes in binary units, "-" when AWS did not say.
func sizeText(bytes int64) string {
	if bytes <= 0 {
		return "-"
	}
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	value, suffix := float64(bytes), ""
	for _, s := range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		value, suffix = value/unit, s
		if value < unit {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, suffix)
}

// orDash replaces an empty text.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// counted gives a number of things: 1 job, 2 jobs.
func counted(n int, thing string) string { return operator.Counted(n, thing) }

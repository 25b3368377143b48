package cli

import (
	"fmt"
	"time"

	"holdfast/catalog"
)

// instantText gives a time as people and scripts both read it, "-" for none.
func instantText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// durationText rounds d to what matters: 5s, 12m, 3h20m, 4d.
func durationText(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

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
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

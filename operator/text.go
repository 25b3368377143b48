package operator

import (
	"fmt"
	"time"
)

// instant writes a time in messages.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// DurationText rounds d to what matters: 5s, 12m, 3h20m, 4d.
func DurationText(d time.Duration) string {
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

// Counted gives a number of things: 1 job, 2 jobs.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// String writes the value for people; "-" where there is nothing to say.
func (v Value) String() string {
	switch is := v.Is.(type) {
	case nil:
		return "-"
	case int64:
		if v.Type == Bytes {
			return bytesText(is)
		}
		return thousands(is)
	case float64:
		if v.Type == Money {
			return moneyText(is)
		}
		return percentText(is)
	case time.Duration:
		return durationText(is)
	case time.Time:
		if is.IsZero() {
			return "-"
		}
		return is.UTC().Format("2006-01-02 15:04")
	default:
		return fmt.Sprint(is)
	}
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}

func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, suffix := float64(n), ""
	for _, s := range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		value, suffix = value/unit, s
		if value < unit {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, suffix)
}

// moneyText writes US dollars, cents only where they matter.
func moneyText(dollars float64) string {
	if dollars >= 1000 || dollars <= -1000 {
		return "$" + thousands(int64(dollars+0.5))
	}
	return fmt.Sprintf("$%.2f", dollars)
}

// percentText never rounds up to 100 % what is not all.
func percentText(share float64) string {
	if share < 1 && share > 0.999 {
		return strconv.FormatFloat(float64(int64(share*100000))/1000, 'f', -1, 64) + " %"
	}
	return strconv.FormatFloat(share*100, 'f', 1, 64) + " %"
}

// durationText rounds to what matters: 5s, 12m, 3h20m, 4d06h.
func durationText(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + durationText(-d)
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()+0.5))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours()/24), int(d.Hours())%24)
}

// OutcomeTone is how a value of type Outcome is drawn.
func OutcomeTone(outcome string) Tone {
	switch outcome {
	case "pass", "within", "protected":
		return Good
	case "fail", "breached", "unprotected":
		return Bad
	case "at_risk", "partial":
		return Warning
	}
	return Neutral
}

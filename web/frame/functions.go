package frame

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"holdfast/resource"
)

// functions are what templates may call.
var functions = template.FuncMap{
	"count": Thousands, "asset": address, "short": Short, "resource": ResourceName, "bytes": Bytes,
	"stamp": Stamp, "lower": strings.ToLower, "duration": Duration, "percent": percent, "plural": plural,
}

// Thousands writes n with a comma every three digits.
func Thousands(n int) string {
	if n < 0 {
		return "-" + Thousands(-n)
	}
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", Thousands(n/1000), n%1000)
}

// plural writes n with a word, e.g. "1 job", "2 jobs".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return Thousands(n) + " " + word + "s"
}

// percent returns how much of whole part is, 0 to 100.
func percent(part, whole int) int {
	if whole <= 0 {
		return 0
	}
	return min(max(100*part/whole, 0), 100)
}

// shortID is how many characters of an id tell it from others on a page.
const shortID = 10

// Short returns the beginning of an id.
func Short(id string) string { return id[:min(len(id), shortID)] }

// ResourceName returns what people call the resource of an ARN: its last part.
func ResourceName(arn string) string {
	parsed, err := resource.ParseARN(arn)
	if err != nil {
		return arn
	}
	name := parsed.Resource
	if i := strings.LastIndexAny(name, ":/"); i >= 0 && i < len(name)-1 {
		name = name[i+1:]
	}
	return name
}

// Bytes writes a size in binary units; a dash when it is not known.
func Bytes(n int64) string {
	const unit = 1024
	if n <= 0 {
		return "–"
	}
	value, names := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for ; value >= unit && i < len(names)-1; i++ {
		value /= unit
	}
	if value < 10 && i > 0 {
		return fmt.Sprintf("%.1f %s", value, names[i])
	}
	return fmt.Sprintf("%.0f %s", value, names[i])
}

// Stamp writes an instant to the second in UTC; a dash when there is none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Duration writes a duration in its largest two units.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < day:
		return two(d, time.Hour, "h", time.Minute, "min")
	default:
		return two(d, day, "d", time.Hour, "h")
	}
}

func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	text := fmt.Sprintf("%d %s", d/large, largeName)
	if rest := d % large / small; rest > 0 && d/large < 10 {
		text += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return text
}

// Ago writes an instant as people say it, with the exact one behind it.
func (p Page) Ago(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	text := "just now"
	switch d := p.Now.Sub(t); {
	case d < -time.Second:
		text = "in " + largest(-d)
	case d >= time.Second:
		text = largest(d) + " ago"
	}
	return timeElement(t, text, Stamp(t))
}

// Clock writes an instant short: the time alone on the day of the page.
func (p Page) Clock(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	layout := "2 Jan 15:04:05"
	switch {
	case t.Format(time.DateOnly) == p.Now.Format(time.DateOnly):
		layout = "15:04:05"
	case t.Year() != p.Now.Year():
		layout = "2 Jan 2006 15:04"
	}
	return timeElement(t, t.Format(layout), Stamp(t))
}

// timeElement needs no escaping: its parts are made of numbers and fixed words.
func timeElement(t time.Time, text, title string) template.HTML {
	return template.HTML(`<time datetime="` + t.UTC().Format(time.RFC3339) + `" title="` + title + `">` + text + `</time>`) //nolint:gosec // G203: see above
}

// largest writes a duration in its largest unit.
func largest(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d d", d/day)
	}
}

package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/resource"
)

// Limits of what a filter may say.
const (
	maxFieldLength = 2048
	pageRows       = 50
)

// filter reads a page's filter from its address, which is all there is to a filter. What
// is wrong is kept beside its field.
type filter struct {
	values url.Values
	now    time.Time
	Wrong  map[string]string
}

func filterOf(r *http.Request, now time.Time) *filter {
	return &filter{values: r.URL.Query(), now: now, Wrong: map[string]string{}}
}

// bad notes what is wrong with a field.
func (f *filter) bad(name, format string, args ...any) {
	f.Wrong[name] = fmt.Sprintf(format, args...)
}

// Value returns what was written into a field.
func (f *filter) Value(name string) string { return strings.TrimSpace(f.values.Get(name)) }

// Has reports whether one of the field's values is value.
func (f *filter) Has(name, value string) bool { return slices.Contains(f.values[name], value) }

// Active reports whether anything is asked for beside a page.
func (f *filter) Active() bool {
	for name, values := range f.values {
		if name != "after" && name != "done" && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// Any reports whether one of the fields is used.
func (f *filter) Any(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.Value(name) != "" })
}

func (f *filter) text(name string) string {
	value := f.Value(name)
	if len(value) > maxFieldLength {
		f.bad(name, "is longer than %d characters", maxFieldLength)
		return ""
	}
	return value
}

func (f *filter) account(name string) string {
	value := f.text(name)
	if value != "" && !resource.ValidAccount(value) {
		f.bad(name, "an account is twelve digits")
		return ""
	}
	return value
}

// choices returns the values of a field that are in list; others are wrong.
func choices[T ~string](f *filter, name string, list []T) (chosen []T) {
	for _, value := range f.values[name] {
		if value == "" {
			continue
		}
		i := slices.IndexFunc(list, func(v T) bool { return strings.EqualFold(string(v), value) })
		if i < 0 {
			f.bad(name, "%q is not one of the choices", value[:min(len(value), 40)])
			continue
		}
		chosen = append(chosen, list[i])
	}
	return chosen
}

// instant reads RFC 3339, a date, or how long ago: 36h, 7d.
func (f *filter) instant(name string) time.Time {
	value := f.text(name)
	if value == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			return at.UTC()
		}
	}
	if days, ok := strings.CutSuffix(value, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return f.now.AddDate(0, 0, -n)
		}
	}
	if ago, err := time.ParseDuration(value); err == nil && ago >= 0 {
		return f.now.Add(-ago)
	}
	f.bad(name, "write 2026-03-04, 2026-03-04T02:00:00Z, or how long ago: 36h, 7d")
	return time.Time{}
}

// with returns the page's address with a parameter set, or taken away when value is "".
func (f *filter) with(path, name, value string) string {
	q := url.Values{}
	for k, v := range f.values {
		if k != "done" {
			q[k] = v
		}
	}
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// pager is the end of a page of a list.
type pager struct {
	Next     string // address; "" on the last page
	Searched string // how far back a search has looked that has not seen all
}

package cli

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// query collects the parameters that have a value.
type query url.Values

func (q query) text(name, value string) query {
	if value != "" {
		url.Values(q).Set(name, value)
	}
	return q
}

func (q query) list(name string, values []string) query {
	return q.text(name, strings.Join(values, ","))
}

func (q query) number(name string, n int64) query {
	if n == 0 {
		return q
	}
	return q.text(name, strconv.FormatInt(n, 10))
}

func (q query) flag(name string, set bool) query {
	if !set {
		return q
	}
	return q.text(name, "true")
}

func (q query) instant(name string, at time.Time) query {
	if at.IsZero() {
		return q
	}
	return q.text(name, at.UTC().Format(time.RFC3339Nano))
}

func names[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

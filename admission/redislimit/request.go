package redislimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/admission"
)

const (
	maxKeys      = 10
	maxNameBytes = 256
	maxBand      = 99
	// nothing stands for an empty group or resource in a holder's record.
	nothing = "-"
	// resourcePrefix is left out of what is stored for a waiting job.
	resourcePrefix = admission.ResourceDimension + "="
	// bandWidth is the score between two bands: more milliseconds than any deadline has.
	bandWidth = 10_000_000_000_000
)

// checkRequest returns an error that says what is wrong with r.
func checkRequest(r admission.Request) error {
	names := map[string]string{"job id": r.JobID, "group": r.Group, "account": r.Account}
	for field, name := range names {
		if err := checkName(name); err != nil {
			return fmt.Errorf("%s %q: %w", field, name, err)
		}
	}
	if r.Ring != admission.Normal && r.Ring != admission.Express {
		return fmt.Errorf("ring %q: want %s or %s", r.Ring, admission.Normal, admission.Express)
	}
	if r.Band < 0 || r.Band > maxBand {
		return fmt.Errorf("band %d: want 0 to %d", r.Band, maxBand)
	}
	if r.Resource != "" && (checkKey(r.Resource) != nil || r.Resource.Dimension() != admission.ResourceDimension) {
		return fmt.Errorf("resource %q: want %s<value>", r.Resource, resourcePrefix)
	}
	return checkShared(r.Keys)
}

// checkShared returns an error unless keys can be shared by a group.
func checkShared(keys []admission.Key) error {
	if len(keys) < 1 || len(keys) > maxKeys {
		return fmt.Errorf("%d keys: want 1 to %d", len(keys), maxKeys)
	}
	seen := map[admission.Key]bool{}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
		switch key.Dimension() {
		case admission.ResourceDimension:
			return fmt.Errorf("key %q belongs in resource", key)
		case admission.WeightDimension:
			return fmt.Errorf("key %q is a weight", key)
		}
		if seen[key] {
			return fmt.Errorf("key %q is there twice", key)
		}
		seen[key] = true
	}
	return nil
}

// checkKey returns an error unless key is dimension=value.
func checkKey(key admission.Key) error {
	if err := checkName(string(key)); err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	if dimension, value, ok := strings.Cut(string(key), "="); !ok || dimension == "" || value == "" || value == nothing {
		return fmt.Errorf("key %q: want dimension=value", key)
	}
	return nil
}

// checkName refuses what would break a record: records are words joined by spaces, and a
// lone '-' stands for nothing.
func checkName(name string) error {
	if name == "" || name == nothing || len(name) > maxNameBytes {
		return fmt.Errorf("want 1 to %d bytes", maxNameBytes)
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] == 0x7f {
			return errors.New("has white space or a control character")
		}
	}
	return nil
}

// scoreOf orders a group: by band, then deadline in milliseconds, no deadline last.
func scoreOf(band int, deadline time.Time) int64 {
	last := int64(bandWidth - 1)
	score := last
	if !deadline.IsZero() {
		score = min(max(deadline.UnixMilli(), 0), last-1)
	}
	return int64(band)*bandWidth + score
}

// ringLetter is the ring as the scripts write it.
func ringLetter(ring admission.Ring) string {
	if ring == admission.Express {
		return "e"
	}
	return "n"
}

// requestArgs are r's arguments for submit.lua.
func requestArgs(r admission.Request) []any {
	return []any{
		r.JobID, strconv.FormatInt(scoreOf(r.Band, r.Deadline), 10), ringLetter(r.Ring),
		r.Group, r.Account, joinKeys(r.Keys), strings.TrimPrefix(string(r.Resource), resourcePrefix),
	}
}

func joinKeys(keys []admission.Key) string {
	words := make([]string, 0, len(keys))
	for _, key := range keys {
		words = append(words, string(key))
	}
	return strings.Join(words, " ")
}

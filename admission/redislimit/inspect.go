package redislimit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/admission"
)

// maxPage is the most holders one page asks Redis for.
const maxPage = 1000

// Holders implements admission.Controller. A page may hold more than count.
func (c *Controller) Holders(ctx context.Context, cursor uint64, count int) ([]admission.Holder, uint64, error) {
	rows, next, err := c.page(ctx, "holders", strconv.FormatUint(cursor, 10), min(max(count, 1), maxPage), 3)
	if err != nil {
		return nil, 0, err
	}
	holders := make([]admission.Holder, 0, len(rows))
	for _, row := range rows {
		h, err := parseHolder(row[0], row[1], row[2] == "1")
		if err != nil {
			return nil, 0, err
		}
		holders = append(holders, h)
	}
	following, err := strconv.ParseUint(next, 10, 64)
	return holders, following, err
}

// page returns one page of what, cut into rows of width words, and the next cursor.
func (c *Controller) page(ctx context.Context, what, cursor string, count, width int) ([][]string, string, error) {
	a, err := c.run(ctx, pageScript, what, cursor, count)
	if err != nil {
		return nil, "", err
	}
	if len(a)%width != 1%width {
		return nil, "", fmt.Errorf("admission: page of %s: answer has %d words", what, len(a))
	}
	var rows [][]string
	for i := 1; i < len(a); i += width {
		rows = append(rows, a[i:i+width])
	}
	return rows, a[0], nil
}

// eachRow calls f for every row of what.
func (c *Controller) eachRow(ctx context.Context, what string, width int, f func(row []string) error) error {
	cursor := "0"
	for {
		rows, next, err := c.page(ctx, what, cursor, maxPage, width)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := f(row); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "0" {
			return nil
		}
	}
}

// The words of a holder's record; slots.lua describes it. Then come the shared keys.
const (
	recordGeneration = iota
	recordSince
	_ // score
	recordResource
	_ // ring
	recordGroup
	_ // account
	recordKeys
)

// groupName reads the group of a record.
func groupName(word string) string {
	if word == nothing {
		return ""
	}
	return word
}

// parseHolder reads a holder's record.
func parseHolder(jobID, record string, entered bool) (admission.Holder, error) {
	words := strings.Fields(record)
	if len(words) < recordKeys {
		return admission.Holder{}, fmt.Errorf("admission: holder %q: record %q is too short", jobID, record)
	}
	generation, err := strconv.ParseInt(words[recordGeneration], 10, 64)
	if err != nil {
		return admission.Holder{}, fmt.Errorf("admission: holder %q: generation: %w", jobID, err)
	}
	since, err := strconv.ParseInt(words[recordSince], 10, 64)
	if err != nil {
		return admission.Holder{}, fmt.Errorf("admission: holder %q: since: %w", jobID, err)
	}
	h := admission.Holder{
		JobID: jobID, Generation: generation, Group: groupName(words[recordGroup]),
		Since: time.UnixMilli(since).UTC(), Entered: entered,
	}
	for _, key := range words[recordKeys:] {
		h.Keys = append(h.Keys, admission.Key(key))
	}
	if resource := words[recordResource]; resource != nothing {
		h.Keys = append(h.Keys, admission.NewKey(admission.ResourceDimension, resource))
	}
	return h, nil
}

// Explain implements admission.Controller. Counting how many others wait for a full key
// costs O(holders + groups), so it is for people, not for loops.
func (c *Controller) Explain(ctx context.Context, jobID string) (admission.Explanation, error) {
	a, err := c.run(ctx, explainScript, jobID)
	if err != nil {
		return admission.Explanation{}, err
	}
	e, full, err := parseExplanation(a)
	if err != nil || len(full) == 0 {
		return e, err
	}
	usage, err := c.usage(ctx)
	if err != nil {
		return admission.Explanation{}, err
	}
	for _, key := range full {
		use := usage.of(key)
		if key.Dimension() == admission.ResourceDimension {
			if use.Waiting, err = c.parked(ctx, key); err != nil {
				return admission.Explanation{}, err
			}
		}
		e.FullKeys = append(e.FullKeys, use)
	}
	return e, nil
}

// parked counts the jobs that wait for a resource.
func (c *Controller) parked(ctx context.Context, key admission.Key) (int, error) {
	a, err := c.run(ctx, pageScript, "parked", strings.TrimPrefix(string(key), resourcePrefix))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(a[len(a)-1])
}

// appendNew appends the ids that list does not have.
func appendNew(list, ids []string) []string {
	for _, id := range ids {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// parseExplanation reads explain.lua's answer; the full keys are returned by name.
func parseExplanation(a answer) (admission.Explanation, []admission.Key, error) {
	const fixed, maxHeldBy = 4, 10
	if len(a) < fixed {
		return admission.Explanation{}, nil, fmt.Errorf("admission: explain: answer has %d words", len(a))
	}
	e := admission.Explanation{Place: admission.Place(a[0]), Group: groupName(a[2])}
	var err error
	if e.Generation, err = strconv.ParseInt(a[1], 10, 64); err != nil {
		return e, nil, fmt.Errorf("admission: explain: generation: %w", err)
	}
	if e.Ahead, err = strconv.Atoi(a[3]); err != nil {
		return e, nil, fmt.Errorf("admission: explain: jobs ahead: %w", err)
	}
	var full []admission.Key
	for i := fixed; i+1 < len(a); {
		n, err := strconv.Atoi(a[i+1])
		if err != nil || n < 0 || i+2+n > len(a) {
			return e, nil, fmt.Errorf("admission: explain: %q holders of %s", a[i+1], a[i])
		}
		full = append(full, admission.Key(a[i]))
		e.HeldBy = appendNew(e.HeldBy, a[i+2:i+2+n])
		i += 2 + n
	}
	slices.Sort(e.HeldBy) // Redis gives the members of a set in any order
	e.HeldBy = e.HeldBy[:min(len(e.HeldBy), maxHeldBy)]
	return e, full, nil
}

package redislimit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/admission"
)

// Usage implements admission.Controller. It pages through holders and groups, so under
// load the numbers of different keys are of slightly different moments. Jobs count as
// waiting for the keys of their group; a resource is only listed while it is held.
func (c *Controller) Usage(ctx context.Context, limit int) ([]admission.KeyUsage, error) {
	u, err := c.usage(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]admission.KeyUsage, 0, len(u.keys))
	for key := range u.keys {
		list = append(list, u.of(key))
	}
	slices.SortFunc(list, func(a, b admission.KeyUsage) int { return cmp.Compare(a.Key, b.Key) })
	return list[:min(len(list), max(limit, 0))], nil
}

// keyCount is what a key has been seen with.
type keyCount struct {
	held, granted, waiting int
	next                   string // first in the line for a full key
}

// usageCount adds up what the pages say.
type usageCount struct {
	keys map[admission.Key]*keyCount
	caps admission.Caps
	jobs map[string]bool   // holders counted already: a page may repeat one
	rows map[string]string // groups counted already
}

func (c *Controller) usage(ctx context.Context) (*usageCount, error) {
	u := &usageCount{
		keys: map[admission.Key]*keyCount{}, caps: admission.Caps{},
		jobs: map[string]bool{}, rows: map[string]string{},
	}
	if err := c.eachRow(ctx, "caps", 2, u.addCap); err != nil {
		return nil, err
	}
	if err := c.eachRow(ctx, "groups", 3, u.addGroup); err != nil {
		return nil, err
	}
	if err := c.eachRow(ctx, "blocked", 2, u.addNext); err != nil {
		return nil, err
	}
	return u, c.eachRow(ctx, "holders", 3, u.addHolder)
}

func (u *usageCount) key(key admission.Key) *keyCount {
	if u.keys[key] == nil {
		u.keys[key] = &keyCount{}
	}
	return u.keys[key]
}

func (u *usageCount) addCap(row []string) error {
	slots, err := strconv.Atoi(row[1])
	if err != nil {
		return fmt.Errorf("admission: cap of %s: %w", row[0], err)
	}
	key := admission.Key(row[0])
	u.caps[key] = slots
	if key != key.Default() && key.Dimension() != admission.WeightDimension {
		u.key(key)
	}
	return nil
}

func (u *usageCount) addNext(row []string) error {
	u.key(admission.Key(row[0])).next = row[1]
	return nil
}

func (u *usageCount) addGroup(row []string) error {
	waiting, err := strconv.Atoi(row[2])
	if err != nil {
		return fmt.Errorf("admission: group %s: %w", row[0], err)
	}
	if _, seen := u.rows[row[0]]; seen {
		return nil
	}
	u.rows[row[0]] = row[1]
	for key := range strings.FieldsSeq(row[1]) {
		u.key(admission.Key(key)).waiting += waiting
	}
	return nil
}

func (u *usageCount) addHolder(row []string) error {
	h, err := parseHolder(row[0], row[1], row[2] == "1")
	if err != nil || u.jobs[h.JobID] {
		return err
	}
	u.jobs[h.JobID] = true
	for _, key := range h.Keys {
		count := u.key(key)
		count.held++
		if !h.Entered {
			count.granted++
		}
	}
	return nil
}

// of returns the usage of one key.
func (u *usageCount) of(key admission.Key) admission.KeyUsage {
	use := admission.KeyUsage{Key: key, Cap: u.capOf(key)}
	if count := u.keys[key]; count != nil {
		use.Held, use.Granted, use.Waiting, use.Next = count.held, count.granted, count.waiting, count.next
	}
	return use
}

func (u *usageCount) capOf(key admission.Key) int {
	if key.Dimension() == admission.ResourceDimension {
		return 1
	}
	for _, name := range []admission.Key{key, key.Default()} {
		if slots, ok := u.caps[name]; ok {
			return slots
		}
	}
	return -1
}

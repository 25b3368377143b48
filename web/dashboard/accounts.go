package dashboard

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/failure"
	"holdfast/policy"
	"holdfast/policy/orgpolicy"
	"holdfast/policy/posture"
	"holdfast/producer"
	"holdfast/resource"
	"holdfast/web/frame"
)

// accountsPage is the data of accounts.html.
type accountsPage struct {
	frame.Page
	Groups []accountGroup
	Caps   []capRow
	Text   string
	Form   capForm
}

// accountGroup is the accounts right below one organizational unit.
type accountGroup struct {
	Path     []string // of units, outermost first; empty for accounts in none
	Accounts []accountRow
}

// Needs counts the resources of the group that need something.
func (g accountGroup) Needs() (n int) {
	for _, a := range g.Accounts {
		n += a.Needs()
	}
	return n
}

// accountRow is one account with its health.
type accountRow struct {
	ID        string
	Breaker   *catalog.Breaker // nil: closed
	Scopes    int
	Failing   int       // scopes that cannot be listed
	SyncedAt  time.Time // the oldest complete listing
	Counts    map[posture.Status]int
	Resources int
	Slot      slotRow
}

// Needs counts the resources that need something.
func (a accountRow) Needs() int { return a.Counts[posture.Never] + a.Counts[posture.Missed] }

// capRow is a limit on an admission key.
type capRow struct {
	slotRow
	Origin  string // default, or who set it
	SetAt   time.Time
	Version int64 // 0: nobody has set it
}

// Default reports whether the key stands for all keys of its dimension.
func (c capRow) Default() bool { return c.Value == "*" }

// capForm is the form that sets a cap, with what is wrong with it.
type capForm struct {
	Key, Value string
	Wrong      map[string]string
}

// accounts serves all accounts, their health and the caps.
func (d *Dashboard) accounts(w http.ResponseWriter, r *http.Request) error {
	page, err := d.readAccounts(r)
	if err != nil {
		return err
	}
	return d.render(w, "accounts.html", page)
}

func (d *Dashboard) readAccounts(r *http.Request) (page accountsPage, err error) {
	page = accountsPage{Page: d.live(r, "Accounts"), Text: query(r, "q")}
	rows, caps, err := d.accountRows(r.Context())
	if err != nil {
		return page, err
	}
	page.Groups = d.tree(rows, page.Text)
	page.Caps = caps
	return page, nil
}

// tree groups the accounts whose id contains text by their units, each unit before those
// below it.
func (d *Dashboard) tree(rows []accountRow, text string) (groups []accountGroup) {
	for _, row := range rows {
		if !strings.Contains(row.ID, text) {
			continue
		}
		path := d.Units.Of(row.ID)
		i := slices.IndexFunc(groups, func(g accountGroup) bool { return slices.Equal(g.Path, path) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, accountGroup{Path: path})
		}
		groups[i].Accounts = append(groups[i].Accounts, row)
	}
	slices.SortFunc(groups, func(a, b accountGroup) int { return slices.Compare(a.Path, b.Path) })
	return groups
}

// accountRows joins what is known of every account, and of every cap.
func (d *Dashboard) accountRows(ctx context.Context) ([]accountRow, []capRow, error) {
	n, err := d.answers.night.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows := map[string]*accountRow{}
	of := func(id string) *accountRow {
		if rows[id] == nil {
			rows[id] = &accountRow{ID: id, Slot: slotRow{Limit: -1}}
		}
		return rows[id]
	}
	for _, id := range d.Accounts {
		of(id)
	}
	for _, s := range n.Scopes {
		of(s.Account).listed(s)
	}
	for i := range n.Breakers {
		if n.Breakers[i].Open() {
			of(n.Breakers[i].Account).Breaker = &n.Breakers[i]
		}
	}
	if state, err := d.postures(ctx); err == nil {
		for id, counts := range state.Accounts {
			row := of(id)
			row.Counts = counts
			for _, c := range counts {
				row.Resources += c
			}
		}
	}
	caps, err := d.capRows(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	byKey := map[string]slotRow{}
	for _, c := range caps {
		byKey[c.Key] = c.slotRow
	}
	for id, row := range rows {
		row.Slot = byKey[producer.DimensionAccount+"="+id]
		if row.Slot.Key == "" {
			row.Slot = slotRow{Key: producer.DimensionAccount + "=" + id, Limit: byKey[producer.DimensionAccount+"=*"].Limit}
		}
	}
	list := make([]accountRow, 0, len(rows))
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, *rows[id])
	}
	return list, caps, nil
}

// listed adds how a listing went.
func (a *accountRow) listed(s catalog.InventoryScope) {
	a.Scopes++
	if s.Class != "" && s.Class != failure.Throttled {
		a.Failing++
	}
	if a.SyncedAt.IsZero() || s.SyncedAt.Before(a.SyncedAt) {
		a.SyncedAt = s.SyncedAt
	}
}

// capRows lists every cap: the defaults, what somebody set, and what is in use.
func (d *Dashboard) capRows(ctx context.Context, n night) ([]capRow, error) {
	rows := map[string]*capRow{}
	of := func(key string) *capRow {
		if rows[key] == nil {
			rows[key] = &capRow{slotRow: slotOf(admission.KeyUsage{Key: admission.Key(key), Cap: -1})}
		}
		return rows[key]
	}
	for key, limit := range d.DefaultCaps {
		row := of(string(key))
		row.Limit, row.Origin = limit, "default"
	}
	if d.answers.slots != nil {
		usage, err := d.answers.slots.Get(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range usage {
			if u.Key.Dimension() == admission.ResourceDimension {
				continue
			}
			row := of(string(u.Key))
			row.Held, row.Waiting, row.Limit = u.Held, u.Waiting, u.Cap
		}
	}
	for _, c := range n.Caps {
		if admission.Key(c.Key).Dimension() == admission.WeightDimension {
			continue
		}
		row := of(c.Key)
		row.Limit, row.Origin, row.SetAt, row.Version = c.Limit, c.UpdatedBy, c.UpdatedAt, c.Version
	}
	list := make([]capRow, 0, len(rows))
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, *rows[key])
	}
	return list, nil
}

// accountPage is the data of account.html.
type accountPage struct {
	frame.Page
	Row       accountRow
	Units     []string
	Scopes    []catalog.InventoryScope
	Caps      []capRow
	Form      capForm
	Plans     []*policy.Plan // that cover the account
	Effective string         // the document of the organization; "" without one
	Origins   []orgpolicy.Provenance
	Problems  []policy.Problem
}

// account serves one account.
func (d *Dashboard) account(w http.ResponseWriter, r *http.Request) error {
	page, err := d.readAccount(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	return d.render(w, "account.html", page)
}

func (d *Dashboard) readAccount(r *http.Request, id string) (page accountPage, err error) {
	if !resource.ValidAccount(id) {
		return page, badRequest{"An account is twelve digits."}
	}
	ctx := r.Context()
	page = accountPage{Page: d.live(r, "Account "+id), Units: d.Units.Of(id)}
	rows, caps, err := d.accountRows(ctx)
	if err != nil {
		return page, err
	}
	i := slices.IndexFunc(rows, func(a accountRow) bool { return a.ID == id })
	if i < 0 {
		return page, catalog.ErrNotFound
	}
	page.Row = rows[i]
	n, err := d.answers.night.Get(ctx)
	if err != nil {
		return page, err
	}
	for _, s := range n.Scopes {
		if s.Account == id {
			page.Scopes = append(page.Scopes, s)
		}
	}
	page.Caps = capsOf(caps, id)
	policies, err := d.answers.policies.Get(ctx)
	if err != nil {
		return page, err
	}
	page.explain(policies, id)
	return page, nil
}

// capsOf returns the caps of one account: its own two always, others that are in use.
func capsOf(caps []capRow, id string) (list []capRow) {
	defaults := map[string]capRow{}
	for _, c := range caps {
		if c.Default() {
			defaults[c.Dimension] = c
		}
	}
	for _, dimension := range []string{producer.DimensionAccount, producer.DimensionRestores} {
		key := dimension + "=" + id
		i := slices.IndexFunc(caps, func(c capRow) bool { return c.Key == key })
		if i >= 0 {
			list = append(list, caps[i])
			continue
		}
		row := capRow{slotRow: slotOf(admission.KeyUsage{Key: admission.Key(key), Cap: defaults[dimension].Limit}), Origin: "default"}
		list = append(list, row)
	}
	for _, c := range caps {
		if c.Account == id && c.Dimension != producer.DimensionAccount && c.Dimension != producer.DimensionRestores {
			list = append(list, c)
		}
	}
	return list
}

// explain adds which plans cover the account, and where each value of its organization's
// policy comes from.
func (p *accountPage) explain(policies Policies, id string) {
	if policies.Set != nil {
		for i := range policies.Set.Plans {
			plan := &policies.Set.Plans[i]
			if len(plan.Accounts) == 0 || slices.Contains(plan.Accounts, id) {
				p.Plans = append(p.Plans, plan)
			}
		}
	}
	if policies.Organization == nil {
		return
	}
	var levels []orgpolicy.Level
	for _, target := range policies.Organization.Path(id) {
		level, result := orgpolicy.ReadLevel(target.Name, target.Files)
		p.Problems = append(p.Problems, result.Problems...)
		levels = append(levels, level)
	}
	if len(levels) == 0 || len(p.Problems) > 0 {
		return
	}
	effective, problems := orgpolicy.Merge(levels).Fill(id, "")
	if p.Problems = append(p.Problems, problems...); len(problems) > 0 || effective.Empty() {
		return
	}
	p.Effective = string(effective.JSON())
	p.Origins, _ = effective.Explain()
}

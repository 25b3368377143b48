package operator

import (
	"cmp"
	"context"
	"strings"

	"holdfast/access"
	"holdfast/catalog"
	"holdfast/resource"
)

// CopyRequest asks for a copy of a recovery point in another region or account.
type CopyRequest struct {
	Order
	Point       string `json:"point"`
	Region      string `json:"region"`
	Account     string `json:"account,omitempty"`      // empty: the point's own
	KMSKey      string `json:"kms_key,omitempty"`      // of the destination, for encrypted points
	DeleteAfter *int   `json:"delete_after,omitempty"` // days; nil: never
}

// Check returns what is wrong with the request by itself.
func (r CopyRequest) Check() []Problem {
	var p problems
	r.check(&p)
	p.checkDays(r.DeleteAfter)
	p.checkAccount(r.Account)
	if !resource.ValidRegion(r.Region) {
		p.add("region", "%q is not a region, for example eu-central-1", r.Region)
	}
	return p
}

// checkAccount notes an account that is none; it may be left out.
func (p *problems) checkAccount(account string) {
	if account != "" && !resource.ValidAccount(account) {
		p.add("account", "%q is not an account id: write twelve digits", account)
	}
}

// Copy makes the job that copies a point. The copy belongs to the point's chain. Where AWS
// cannot change account and region at once, there is a copy in between.
func (d *Desk) Copy(ctx context.Context, r CopyRequest) (Outcome, error) {
	if err := d.allow(access.Copy, r.DryRun); err != nil {
		return Outcome{}, err
	}
	p := problems(r.Check())
	earlier, err := d.earlier(ctx, r.Order)
	if err != nil {
		return Outcome{}, err
	}
	point, known, err := d.namedPoint(ctx, &p, strings.ToLower(r.Point))
	if err != nil {
		return Outcome{}, err
	}
	account := cmp.Or(r.Account, point.Account)
	if known && earlier == nil {
		d.copyable(&p, point, account, r)
	}
	if err := p.err(); err != nil {
		return Outcome{}, err
	}
	id, err := d.id(r.Order)
	if err != nil {
		return Outcome{}, err
	}
	first, then := catalog.Route(point, catalog.CopySpec{
		Account: account, Region: r.Region, Vault: point.Vault, DeleteAfter: valueOf(r.DeleteAfter), KMSKeyID: r.KMSKey,
	}, d.factsOf(point))
	job := catalog.NewCopy(id, point, first, nil, d.Who.Name, d.Clock.Now())
	job.Spec.Copies = then
	return d.place(ctx, r.Order, Outcome{Jobs: []catalog.Job{job}, Point: &point})
}

// copyable notes why point cannot be copied to account and the region asked for.
func (d *Desk) copyable(p *problems, point catalog.RecoveryPoint, account string, r CopyRequest) {
	if point.State != catalog.Available {
		p.add("point", "%s is %s: only an AVAILABLE point can be copied", point.ID, point.State)
	}
	if r.Region == point.Region && account == point.Account && r.KMSKey == "" {
		p.add("region", "the point lies in %s of account %s already: name a KMS key to encrypt a copy with it", r.Region, account)
	}
	facts := d.factsOf(point)
	if account != point.Account && !facts.CopyAccount {
		p.add("account", "%s cannot be copied to another account: see `holdfast driver list`", point.Kind)
	}
	if !facts.CopyRegion {
		p.add("point", "%s cannot be copied to another region: see `holdfast driver list`", point.Kind)
	}
}

package report

import (
	"slices"
	"time"

	"holdfast/policy"
	"holdfast/report/protection"
)

const noPoints = "it has no recovery point"

func (a *auditor) planned(r protection.Resource) (string, string) {
	if len(r.Rules) == 0 {
		return verdict(false, "no plan takes it")
	}
	return verdict(true, "plan %s takes it", r.Rules[0].Plan.Name)
}

// gap is the longest time between two runs of a rule.
func (a *auditor) gap(rule *policy.Rule) time.Duration {
	if _, known := a.gaps[rule]; !known {
		a.gaps[rule] = rule.Schedule.LongestGap()
	}
	return a.gaps[rule]
}

// frequency asks for one rule that is both often and long enough.
func (a *auditor) frequency(r protection.Resource) (string, string) {
	for _, rule := range r.Rules {
		gap, days := a.gap(rule.Rule), rule.Rule.Lifecycle.DeleteAfterDays
		forever := days == 0 && !rule.Rule.Retention.Counts()
		if gap > 0 && gap <= a.Frequency.Duration() && (forever || days >= a.RetentionDays) {
			return verdict(true, "rule %s of plan %s runs at least every %s and keeps %s", rule.Rule.Name, rule.Plan.Name, durationText(gap), daysText(days))
		}
	}
	if len(r.Rules) == 0 {
		return verdict(false, "no plan takes it")
	}
	rule := r.Rules[0]
	return verdict(false, "none of its rules runs at least every %s and keeps points %d days; %s of plan %s runs every %s at most and keeps %s",
		durationText(a.Frequency.Duration()), a.RetentionDays, rule.Rule.Name, rule.Plan.Name, durationText(a.gap(rule.Rule)), daysText(rule.Rule.Lifecycle.DeleteAfterDays))
}

func daysText(days int) string {
	if days == 0 {
		return "no number of days"
	}
	return Value{Count, int64(days)}.String() + " days"
}

// undeletable asks for a locked vault with a minimum for every point.
func (a *auditor) undeletable(r protection.Resource) (string, string) {
	if r.Points == 0 {
		return verdict(false, noPoints)
	}
	for _, p := range r.Places {
		if !slices.ContainsFunc(a.vaults(), func(v policy.Vault) bool { return v.Covers(p.Vault, p.Account, p.Region) && v.MinDays > 0 }) {
			return verdict(false, "points in vault %s of %s in %s are under no lock the policies tell of", orDash(p.Vault), p.Account, p.Region)
		}
	}
	return verdict(true, "all points lie in locked vaults")
}

func (a *auditor) vaults() []policy.Vault {
	if a.set == nil {
		return nil
	}
	return a.set.Vaults
}

func (a *auditor) encrypted(r protection.Resource) (string, string) {
	if r.Points == 0 {
		return outcomeOpen, noPoints
	}
	return verdict(r.Encrypted == r.Points, "%d of %d points are encrypted", r.Encrypted, r.Points)
}

func (a *auditor) retention(r protection.Resource) (string, string) {
	if r.Points == 0 {
		return outcomeOpen, noPoints
	}
	shortest := time.Duration(0)
	for _, p := range r.Places {
		if p.Shortest > 0 && (shortest == 0 || p.Shortest < shortest) {
			shortest = p.Shortest
		}
	}
	if shortest == 0 {
		return verdict(true, "no lifecycle ends its points")
	}
	// A lifecycle counts from the creation of the job, the point from when AWS began it.
	const day, slack = 24 * time.Hour, 12 * time.Hour
	return verdict(shortest+slack >= time.Duration(a.RetentionDays)*day, "the shortest lived of its points is kept %s", durationText(shortest))
}

// crossRegion asks for a copy action to another region, to each of the listed ones if any.
func (a *auditor) crossRegion(r protection.Resource) (string, string) {
	var regions []string
	for _, action := range a.copies(r) {
		if action.Region != r.Region {
			regions = append(regions, action.Region)
		}
	}
	return reaches(regions, a.Regions, "region")
}

func (a *auditor) crossAccount(r protection.Resource) (string, string) {
	var accounts []string
	for _, action := range a.copies(r) {
		if action.Account != r.Account {
			accounts = append(accounts, action.Account)
		}
	}
	return reaches(accounts, a.Accounts, "account")
}

// reaches judges where copies go.
func reaches(found, wanted []string, what string) (string, string) {
	if len(found) == 0 {
		return verdict(false, "no rule that takes it copies to another %s", what)
	}
	for _, one := range wanted {
		if !slices.Contains(found, one) {
			return verdict(false, "no rule that takes it copies to %s %s", what, one)
		}
	}
	return verdict(true, "it is copied to %s %s", what, found[0])
}

// copies are the copy actions of the rules that take r.
func (a *auditor) copies(r protection.Resource) (all []policy.CopyAction) {
	for _, rule := range r.Rules {
		for _, action := range rule.Rule.CopyActions {
			all = append(all, action.For(r.Account))
		}
	}
	return all
}

// locked asks for a locked vault among those the rules put points or copies into.
func (a *auditor) locked(r protection.Resource) (string, string) {
	fits := func(name, account, region string) bool {
		return slices.ContainsFunc(a.vaults(), func(v policy.Vault) bool {
			return v.Covers(name, account, region) && v.MinDays >= a.MinLockDays && (a.MaxLockDays == 0 || v.MaxDays > 0 && v.MaxDays <= a.MaxLockDays)
		})
	}
	for _, rule := range r.Rules {
		if fits(rule.Rule.Vault, r.Account, r.Region) {
			return verdict(true, "vault %s is locked", rule.Rule.Vault)
		}
	}
	for _, action := range a.copies(r) {
		if fits(action.Vault, action.Account, action.Region) {
			return verdict(true, "vault %s of %s in %s is locked", action.Vault, action.Account, action.Region)
		}
	}
	return verdict(false, "no vault its rules use is locked, as far as the policies tell")
}

func (a *auditor) lastPoint(r protection.Resource) (string, string) {
	if r.Points == 0 {
		return verdict(false, noPoints)
	}
	age := a.now.Sub(r.Newest)
	return verdict(age <= a.PointAge.Duration(), "its newest point is %s old", durationText(age))
}

func (a *auditor) restoreTime(r protection.Resource) (string, string) {
	last, ok := a.restores[r.ARN]
	if !ok {
		return outcomeOpen, "no restore of it has completed"
	}
	return verdict(last.Took <= a.MaxRestore, "its last restore, which ended at %s, took %s", Value{Time, last.EndedAt}, durationText(last.Took))
}

func (a *auditor) airGapped(protection.Resource) (string, string) {
	return outcomeOpen, "Holdfast makes no points in logically air-gapped vaults and does not list them"
}

package policy

import (
	"fmt"
	"strings"

	"holdfast/policy/retention"
	"holdfast/resource"
)

// VaultDocument tells of the lock of a vault, so that lifecycles it would refuse are found
// before they are used. Holdfast does not set it.
type VaultDocument struct {
	Name    string `yaml:"name,required"`
	Account string `yaml:"account"` // empty: vaults of that name in every account
	Region  string `yaml:"region"`  // empty: in every region
	Min     *int64 `yaml:"min_retention_days"`
	Max     *int64 `yaml:"max_retention_days"`
}

// Vault is a vault with a lock. AWS Backup fails a job whose retention is outside it.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_PutBackupVaultLockConfiguration.html
type Vault struct {
	Name    string
	Account string // empty: any
	Region  string // empty: any
	// MinDays and MaxDays bound how long points live; 0: no bound.
	MinDays, MaxDays int
}

// Covers reports whether the vault called name in account and region is v, as far as v
// says where it is.
func (v Vault) Covers(name, account, region string) bool {
	return v.Name == name && (v.Account == "" || v.Account == account) && (v.Region == "" || v.Region == region)
}

// refuses returns why points kept so do not go into the vault; "" when they do. For ever
// passes any minimum and fails any maximum; points kept by count may live for ever, and
// no shorter than their lifecycle.
func (v Vault) refuses(keep retention.Policy) string {
	shortest := keep.DeleteAfterDays
	if shortest == 0 && keep.Counts() {
		shortest = 1
	}
	forever := keep.Counts() || keep.DeleteAfterDays == 0
	switch {
	case v.MaxDays > 0 && forever:
		return fmt.Sprintf("vault %s keeps points at most %d days, but nothing deletes these by then: set delete_after_days to %d or less and use no counts", v.Name, v.MaxDays, v.MaxDays)
	case v.MaxDays > 0 && keep.DeleteAfterDays > v.MaxDays:
		return fmt.Sprintf("vault %s keeps points at most %d days, these live %d: set delete_after_days to %d or less", v.Name, v.MaxDays, keep.DeleteAfterDays, v.MaxDays)
	case v.MinDays > 0 && shortest > 0 && shortest < v.MinDays:
		return fmt.Sprintf("vault %s keeps points at least %d days, these may live %d only: set delete_after_days to %d or more", v.Name, v.MinDays, shortest, v.MinDays)
	}
	return ""
}

// lockConflict returns why the vault refuses points kept so; "" when it does not.
func (s *Set) lockConflict(name, account, region string, keep retention.Policy) string {
	for _, v := range s.Vaults {
		if v.Covers(name, account, region) {
			if why := v.refuses(keep); why != "" {
				return why
			}
		}
	}
	return ""
}

// vaults checks the locks a document tells of.
func (c *compiler) vaults(docs []VaultDocument) {
	seen := map[string]string{}
	for i, doc := range docs {
		at := indexed("vaults", i)
		c.vaultName(at+".name", doc.Name)
		if doc.Account != "" && !resource.ValidAccount(doc.Account) {
			c.report.problem(at+".account", "%q is not an account id: write twelve digits, in quotes", clip(doc.Account))
		}
		if doc.Region != "" && !ValidRegion(doc.Region) {
			c.report.problem(at+".region", "%q is not a region: write a name such as eu-west-1", clip(doc.Region))
		}
		v := Vault{
			Name: doc.Name, Account: doc.Account, Region: doc.Region,
			MinDays: c.days(at+".min_retention_days", doc.Min, "for no minimum"),
			MaxDays: c.days(at+".max_retention_days", doc.Max, "for no maximum"),
		}
		switch {
		case v.MinDays == 0 && v.MaxDays == 0 && !c.report.lost(at):
			c.report.problem(at, "the vault has no lock to tell of: give min_retention_days, max_retention_days or both")
		case v.MaxDays > 0 && v.MinDays > v.MaxDays:
			c.report.problem(at+".min_retention_days", "the minimum of %d days is above the maximum of %d", v.MinDays, v.MaxDays)
		}
		key := strings.Join([]string{v.Name, v.Account, v.Region}, "/")
		if first, twice := seen[key]; twice {
			c.report.problem(at, "the same vault as %s: remove one", first)
		}
		seen[key] = at
		c.set.Vaults = append(c.set.Vaults, v)
	}
}

// aim is a vault a rule or copy action puts points into, as far as the policy says where.
type aim struct {
	report                *report
	path                  string
	name, account, region string // account and region are empty where the resource decides
	keep                  retention.Policy
}

// aimed notes the vaults of a rule; they are checked when all files have been read.
func (c *compiler) aimed(path string, rule Rule) {
	c.aims = append(c.aims, aim{c.report, path + ".lifecycle", rule.Vault, "", "", rule.Keep()})
	for i, action := range rule.CopyActions {
		account := action.Account
		if account == AccountVariable {
			account = ""
		}
		c.aims = append(c.aims, aim{c.report, indexed(path+".copy_actions", i), action.Vault, account, action.Region, action.Keep()})
	}
}

// locks refuses lifecycles against the lock of a vault that is meant wherever the rule
// runs. Where the account or region of the resource decides, preview tells.
func (c *compiler) locks() {
	for _, a := range c.aims {
		if a.name == "" || a.report.lost(a.path) {
			continue
		}
		if why := c.set.lockConflict(a.name, a.account, a.region, a.keep); why != "" {
			a.report.problem(a.path, "%s", why)
		}
	}
}

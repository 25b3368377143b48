package cli

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/admission"
	"holdfast/driver"
	"holdfast/producer"
	"holdfast/resource"
)

// keyForms returns how the keys are written that can be capped.
func keyForms() []string {
	return []string{
		"fleet=all", "unit=NAME", "account=ID", "restores=ID", "quota-KIND-OPERATION=ACCOUNT/REGION", "destination=ACCOUNT/REGION",
	}
}

// weightKey returns the key the weight of an account is kept under; "" for other keys.
func weightKey(key string) string {
	account, ok := strings.CutPrefix(key, producer.DimensionAccount+"=")
	if !ok {
		return ""
	}
	return string(admission.NewKey(admission.WeightDimension, account))
}

// weighed returns the account key whose weight is kept under key.
func weighed(key string) (account string, ok bool) {
	k := admission.Key(key)
	if k.Dimension() != admission.WeightDimension {
		return "", false
	}
	_, value, _ := strings.Cut(key, "=")
	return string(admission.NewKey(producer.DimensionAccount, value)), true
}

// quotaDimensions returns every quota dimension: a kind, or an engine that counts all kinds
// together, and an operation of it.
func (d *desk) quotaDimensions() []string {
	var all []string
	for _, drv := range d.drivers.All() {
		for _, op := range operations {
			dimension := producer.QuotaDimension(drv.Descriptor().Kind, driver.EngineOf(drv), op)
			if !slices.Contains(all, dimension) {
				all = append(all, dimension)
			}
		}
	}
	return all
}

// capKey checks an admission key somebody wants to cap.
func (c *checks) capKey(d *desk, text string) string {
	text = strings.ToLower(text)
	dimension, value, ok := strings.Cut(text, "=")
	if !ok || value == "" {
		c.add("", "%q is no key: the keys are %s, for example account=111122223333 or account=*", text, strings.Join(keyForms(), ", "))
		return text
	}
	if problem := d.keyProblem(dimension, value); problem != "" {
		c.add(text, "%s", problem)
	}
	return text
}

// keyProblem says what is wrong with a key, "" when nothing is.
func (d *desk) keyProblem(dimension, value string) string {
	switch {
	case dimension == producer.DimensionFleet && value != "all":
		return "the only key of fleet is fleet=all"
	case dimension == producer.DimensionFleet:
		return ""
	case dimension == producer.DimensionUnit:
		return d.unitProblem(value)
	case dimension == producer.DimensionAccount || dimension == producer.DimensionRestores:
		if value != "*" && !resource.ValidAccount(value) {
			return fmt.Sprintf("%q is not an account id: write twelve digits, or *", value)
		}
		return ""
	case dimension == producer.DimensionDestination:
		return placeProblem(value)
	case strings.HasPrefix(dimension, "quota-"):
		if _, ok := oneOf(dimension, d.quotaDimensions()); !ok {
			return fmt.Sprintf("unknown quota: the kinds are %s and the operations %s", joined(d.drivers.Kinds()), joined(operations))
		}
		return placeProblem(value)
	default:
		return fmt.Sprintf("unknown key: the keys are %s", strings.Join(keyForms(), ", "))
	}
}

func (d *desk) unitProblem(name string) string {
	known := d.cfg.AWS.Accounts.UnitNames()
	switch {
	case len(known) == 0:
		return "no organizational unit is known: name them in aws.accounts.units"
	case name != "*" && !slices.Contains(known, name):
		return "unknown organizational unit: aws.accounts.units has " + strings.Join(known, ", ")
	default:
		return ""
	}
}

func placeProblem(value string) string {
	account, region, ok := strings.Cut(value, "/")
	if value != "*" && (!ok || !resource.ValidAccount(account) || !regionName.MatchString(region)) {
		return fmt.Sprintf("%q is not ACCOUNT/REGION, for example 111122223333/eu-west-1, or *", value)
	}
	return ""
}

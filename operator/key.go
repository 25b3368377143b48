package operator

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/admission"
	"holdfast/driver"
	"holdfast/producer"
	"holdfast/resource"
)

// Operations returns the types of jobs in the order of a point's life.
func Operations() []driver.Operation {
	return []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire, driver.Archive}
}

// KeyForms returns how the keys are written that can be capped.
func KeyForms() []string {
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
func (o *Office) quotaDimensions() []string {
	var all []string
	for _, drv := range o.Drivers.All() {
		for _, op := range Operations() {
			dimension := producer.QuotaDimension(drv.Descriptor().Kind, driver.EngineOf(drv), op)
			if !slices.Contains(all, dimension) {
				all = append(all, dimension)
			}
		}
	}
	return all
}

// checkKey notes what is wrong with an admission key somebody wants to cap.
func (o *Office) checkKey(p *problems, key string) {
	dimension, value, ok := strings.Cut(key, "=")
	if !ok || value == "" {
		p.add("key", "%q is no key: the keys are %s, for example account=111122223333 or account=*", key, strings.Join(KeyForms(), ", "))
		return
	}
	if problem := o.keyProblem(dimension, value); problem != "" {
		p.add("key", "%s: %s", key, problem)
	}
}

// keyProblem says what is wrong with a key, "" when nothing is.
func (o *Office) keyProblem(dimension, value string) string {
	switch {
	case dimension == producer.DimensionFleet && value != "all":
		return "the only key of fleet is fleet=all"
	case dimension == producer.DimensionFleet:
		return ""
	case dimension == producer.DimensionUnit:
		return o.unitProblem(value)
	case dimension == producer.DimensionAccount || dimension == producer.DimensionRestores:
		if value != "*" && !resource.ValidAccount(value) {
			return fmt.Sprintf("%q is not an account id: write twelve digits, or *", value)
		}
		return ""
	case dimension == producer.DimensionDestination:
		return placeProblem(value)
	case strings.HasPrefix(dimension, "quota-"):
		if !slices.Contains(o.quotaDimensions(), dimension) {
			return fmt.Sprintf("unknown quota: the kinds are %s and the operations %s", joined(o.Drivers.Kinds()), joined(Operations()))
		}
		return placeProblem(value)
	default:
		return "unknown key: the keys are " + strings.Join(KeyForms(), ", ")
	}
}

func (o *Office) unitProblem(name string) string {
	switch {
	case len(o.UnitNames) == 0:
		return "no organizational unit is known: name them in aws.accounts.units"
	case name != "*" && !slices.Contains(o.UnitNames, name):
		return "unknown organizational unit: aws.accounts.units has " + strings.Join(o.UnitNames, ", ")
	default:
		return ""
	}
}

func placeProblem(value string) string {
	account, region, ok := strings.Cut(value, "/")
	if value != "*" && (!ok || !resource.ValidAccount(account) || !resource.ValidRegion(region)) {
		return fmt.Sprintf("%q is not ACCOUNT/REGION, for example 111122223333/eu-west-1, or *", value)
	}
	return ""
}

package cli

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/driver"
	"holdfast/producer"
	"holdfast/resource"
)

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
		c.add("", "%q is no key: write one like account=111122223333 or account=*", text)
		return text
	}
	problem := ""
	switch {
	case dimension == producer.DimensionFleet:
		if value != "all" {
			problem = "the only key of fleet is fleet=all"
		}
	case dimension == producer.DimensionAccount || dimension == producer.DimensionRestores:
		if value != "*" && !resource.ValidAccount(value) {
			problem = fmt.Sprintf("%q is not an account id: write twelve digits, or *", value)
		}
	case strings.HasPrefix(dimension, "quota-"):
		problem = d.quotaProblem(dimension, value)
	default:
		problem = fmt.Sprintf("unknown dimension %q: use %s, %s, %s or quota-KIND-OPERATION", dimension,
			producer.DimensionFleet, producer.DimensionAccount, producer.DimensionRestores)
	}
	if problem != "" {
		c.add(text, "%s", problem)
	}
	return text
}

// quotaProblem says what is wrong with a quota key, "" when nothing is.
func (d *desk) quotaProblem(dimension, value string) string {
	if _, ok := oneOf(dimension, d.quotaDimensions()); !ok {
		return fmt.Sprintf("unknown quota: the kinds are %s and the operations %s", joined(d.drivers.Kinds()), joined(operations))
	}
	account, region, ok := strings.Cut(value, "/")
	if value != "*" && (!ok || !resource.ValidAccount(account) || !regionName.MatchString(region)) {
		return fmt.Sprintf("%q is not ACCOUNT/REGION, for example 111122223333/eu-west-1, or *", value)
	}
	return ""
}

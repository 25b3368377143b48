package config_test

import (
	"fmt"

	"holdfast/config"
)

// A fleet's processes are often configured by the environment alone.
func ExampleLoad() {
	c, err := config.Load("", []string{
		"HOLDFAST_INSTALLATION=production",
		"HOLDFAST_AWS_REGIONS=eu-west-1,eu-central-1",
		"HOLDFAST_AWS_ACCOUNTS_IDS=111122223333",
		"HOLDFAST_CATALOG_DSN=postgres://holdfast:hunter2@db/holdfast",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.AWS.Regions, c.Catalog.DSN)
	_, err = config.Load("", []string{"HOLDFAST_INSTALATION=production", "HOLDFAST_AWS_REGIONS=mars", "HOLDFAST_AWS_ACCOUNTS_IDS=111122223333"})
	fmt.Println(err)
	// Output:
	// [eu-west-1 eu-central-1] postgres://holdfast:[redacted]@db/holdfast
	// configuration has 3 problems:
	//   installation: is required: set it in the file or as HOLDFAST_INSTALLATION, for example production
	//   env HOLDFAST_AWS_REGIONS: aws.regions[0]: "mars" is not a region, for example eu-west-1
	//   env HOLDFAST_INSTALATION: unknown variable: did you mean HOLDFAST_INSTALLATION?
}

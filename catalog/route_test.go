package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
)

// TestRoute has every path with every kind of key, into another account and region.
func TestRoute(t *testing.T) {
	t.Parallel()
	const (
		account, other = "111122223333", "444455556666"
		home, away     = "eu-west-1", "eu-central-1"
		managed        = "arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs"
		customers      = "arn:aws:kms:eu-west-1:111122223333:key/1"
	)
	strict := func(path driver.CopyPath) driver.Descriptor {
		return driver.Descriptor{CopyPath: path, CustomerKeyAbroad: true}
	}
	stop := func(account, region, key string) *CopySpec {
		return &CopySpec{Account: account, Region: region, Vault: "dr", DeleteAfter: 1, KMSKeyID: key}
	}
	for name, tt := range map[string]struct {
		facts   driver.Descriptor
		key     string
		to      CopySpec
		want    *CopySpec // nil: straight there
		rekeyed bool      // what follows
	}{
		"one step":                      {facts: strict(driver.OneStep), to: CopySpec{Account: other, Region: away}},
		"one step, AWS's key":           {facts: strict(driver.OneStep), key: managed, to: CopySpec{Account: other, Region: away}, want: stop(account, home, driver.TransitKey), rekeyed: true},
		"one step, AWS's key, rekeyed":  {facts: strict(driver.OneStep), key: managed, to: CopySpec{Account: other, Region: away, Rekeyed: true}},
		"one step, a customer's key":    {facts: strict(driver.OneStep), key: customers, to: CopySpec{Account: other, Region: away}},
		"another engine's":              {key: managed, to: CopySpec{Account: other, Region: away}},
		"account first":                 {facts: strict(driver.AccountFirst), to: CopySpec{Account: other, Region: away}, want: stop(other, home, "")},
		"account first, AWS's key":      {facts: strict(driver.AccountFirst), key: managed, to: CopySpec{Account: other, Region: away}, want: stop(account, home, driver.TransitKey), rekeyed: true},
		"region first":                  {facts: strict(driver.RegionFirst), to: CopySpec{Account: other, Region: away}, want: stop(account, away, "")},
		"region first, AWS's key":       {facts: strict(driver.RegionFirst), key: managed, to: CopySpec{Account: other, Region: away}, want: stop(account, away, driver.TransitKey), rekeyed: true},
		"region first, a customer's":    {facts: strict(driver.RegionFirst), key: customers, to: CopySpec{Account: other, Region: away}, want: stop(account, away, driver.TransitKey), rekeyed: true},
		"region first, account only":    {facts: strict(driver.RegionFirst), key: customers, to: CopySpec{Account: other, Region: home}},
		"region first, same, AWS's key": {facts: strict(driver.RegionFirst), key: managed, to: CopySpec{Account: other, Region: home}, want: stop(account, home, driver.TransitKey), rekeyed: true},
		"inside the account":            {facts: strict(driver.RegionFirst), key: managed, to: CopySpec{Account: account, Region: away}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.to.Vault, tt.to.DeleteAfter, tt.to.KMSKeyID = "dr", 30, "alias/dr"
			point := RecoveryPoint{Partition: "aws", Account: account, Region: home, Encrypted: tt.key != "", KMSKeyID: tt.key}
			first, then := Route(point, tt.to, tt.facts)
			if tt.want == nil {
				if diff := cmp.Diff(tt.to, first); diff != "" || len(then) != 0 {
					t.Errorf("the way is not straight: %+v, %+v", first, then)
				}
				return
			}
			tt.to.Rekeyed = tt.to.Rekeyed || tt.rekeyed
			if diff := cmp.Diff(*tt.want, first); diff != "" {
				t.Errorf("the place in between (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]CopySpec{tt.to}, then); diff != "" {
				t.Errorf("what follows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWay(t *testing.T) {
	t.Parallel()
	p := RecoveryPoint{
		Partition: "aws", Account: "111122223333", Region: "eu-west-1", Encrypted: true,
		KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:alias/aws/rds",
	}
	to := CopySpec{Account: "444455556666", Region: "eu-central-1"}
	for path, want := range map[driver.CopyPath][]string{
		driver.OneStep:      {"111122223333 eu-west-1 " + driver.TransitKey, "444455556666 eu-central-1 "},
		driver.RegionFirst:  {"111122223333 eu-central-1 " + driver.TransitKey, "444455556666 eu-central-1 "},
		driver.AccountFirst: {"111122223333 eu-west-1 " + driver.TransitKey, "444455556666 eu-west-1 ", "444455556666 eu-central-1 "},
	} {
		var got []string
		for _, c := range Way(p, to, driver.Descriptor{CopyPath: path, CustomerKeyAbroad: true}) {
			got = append(got, c.Account+" "+c.Region+" "+c.KMSKeyID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("path %q (-want +got):\n%s", path, diff)
		}
	}
}

package awsbackup_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/ebs"
	"holdfast/failure"
	"holdfast/resource"
	"holdfast/sim"
)

// volume backs an encrypted volume up, whose points are snapshots with its key.
func (l *lab) volume(customer bool) (resource.Resource, driver.Point) {
	l.t.Helper()
	arn, err := l.org.Create(sim.Blueprint{Kind: resource.EBS, Account: home.Account, Region: home.Region, Encrypted: true, CustomerKey: customer})
	l.must(err)
	l.d = ebs.NewAWSBackup(l.org.Provider(), awsbackup.Options{})
	r := resource.Resource{ARN: arn, Account: home.Account, Region: home.Region}
	ref := l.start(r, driver.Lifecycle{})
	l.clock.Advance(longest)
	return r, l.look(driver.Backup, home, ref).Point
}

func (l *lab) copied(req driver.CopyRequest) driver.Status {
	l.t.Helper()
	ref, err := l.d.Copy(l.t.Context(), req)
	l.must(err)
	l.clock.Advance(longest)
	return l.look(driver.Copy, req.Scope, ref)
}

// The point says that its key is AWS's, the copy in between has a vault and a key of its
// own, and from there the point leaves the account.
func TestWhatAWSsKeyEncryptsLeavesTheAccountThroughAVaultOfItsOwn(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r, p := l.volume(false)
	if !driver.IsAWSManagedKey(p.KMSKeyID) || !l.d.Descriptor().CustomerKeyAbroad {
		t.Fatalf("the point has key %q: want that it shows as AWS's", p.KMSKeyID)
	}
	direct := driver.CopyRequest{Scope: abroad, Mark: l.mark(r), Source: p, SourceScope: home, Vault: "dr"}
	if got := l.copied(direct); got.State != driver.Failed {
		t.Fatalf("AWS let the point out as it is: %+v", got)
	}
	between := l.copied(driver.CopyRequest{Scope: home, Mark: l.mark(r), Source: p, SourceScope: home, Vault: "daily", KMSKeyID: driver.TransitKey})
	if between.State != driver.Succeeded || driver.IsAWSManagedKey(between.Point.KMSKeyID) || !strings.HasPrefix(string(between.Point.Ref), "holdfast-transit/") {
		t.Fatalf("the copy in between is %+v", between)
	}
	out := l.copied(driver.CopyRequest{Scope: abroad, Mark: l.mark(r), Source: between.Point, SourceScope: home, Vault: "dr"})
	if out.State != driver.Succeeded || !strings.Contains(out.Point.KMSKeyID, ":222222222222:key/") {
		t.Errorf("the copy abroad is %+v: want it with a key of its account", out)
	}
}

// A vault with AWS's key takes no snapshots from other accounts: better known before the
// job than after it.
func TestACopyIntoAVaultWithAWSsKeyIsRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r, p := l.volume(true)
	if driver.IsAWSManagedKey(p.KMSKeyID) {
		t.Fatalf("a customer's key shows as %q", p.KMSKeyID)
	}
	_, err := l.client(abroad).CreateBackupVault(t.Context(), &backup.CreateBackupVaultInput{BackupVaultName: aws.String("dr")})
	l.must(err)
	req := driver.CopyRequest{Scope: abroad, Mark: l.mark(r), Source: p, SourceScope: home, Vault: "dr"}
	_, err = l.d.Copy(t.Context(), req)
	if !failure.Is(err, failure.KMS) || !strings.Contains(err.Error(), "name a vault with a customer managed key") {
		t.Errorf("the copy = %v, want class kms and what to do", err)
	}
	if n := l.org.Calls()["backup:StartCopyJob"]; n != 0 {
		t.Errorf("%d copy jobs were begun", n)
	}
	req.Vault = "other"
	if got := l.copied(req); got.State != driver.Succeeded {
		t.Errorf("into a vault that is made for it the copy is %+v", got)
	}
}

package producer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/driver"
	"holdfast/resource"
)

func job(op driver.Operation) catalog.Job {
	return catalog.Job{
		ID: "j1", Type: op, Kind: resource.EBS, Account: "111122223333", Region: "eu-west-1", Plan: "p",
		ResourceARN: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", PointID: "p1", StartBy: time.Unix(1000, 0),
	}
}

func TestRequestOfABackup(t *testing.T) {
	t.Parallel()
	got := NewRequest(job(driver.Backup), nil)
	want := admission.Request{
		JobID: "j1", Ring: admission.Normal, Group: "111122223333/eu-west-1/ebs/backup", Account: "111122223333",
		Keys:     []admission.Key{"fleet=all", "account=111122223333", "quota-ebs-backup=111122223333/eu-west-1"},
		Resource: got.Resource, Band: typeBand(job(driver.Backup))*priorities + catalog.MaxPriority, Deadline: time.Unix(1000, 0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRestoresGoFirstAndWaitForNothingOfTheirSource(t *testing.T) {
	t.Parallel()
	got := NewRequest(job(driver.Restore), nil)
	if got.Ring != admission.Express || got.Resource != "" || got.Keys[1] != "restores=111122223333" {
		t.Errorf("got %+v", got)
	}
}

func TestResourceKeysSeparateWhatMayRunAtOnce(t *testing.T) {
	t.Parallel()
	backup, copied, expiry := job(driver.Backup), job(driver.Copy), job(driver.Expire)
	copied.Region = "eu-central-1"
	other := job(driver.Backup)
	other.ResourceARN += "2"
	keys := map[admission.Key]string{}
	for name, j := range map[string]catalog.Job{"backup": backup, "copy": copied, "expiry": expiry, "other resource": other} {
		key := NewRequest(j, nil).Resource
		if before, taken := keys[key]; taken {
			t.Errorf("%s and %s share the key %s", name, before, key)
		}
		keys[key] = name
	}
	again := job(driver.Backup)
	again.ID = "j2"
	if NewRequest(again, nil).Resource != NewRequest(backup, nil).Resource {
		t.Error("two backups of one resource must share a key")
	}
}

// The account a copy goes to has its source only while the copy runs, so that no copy may
// run beside another one of the resource that would take it away at its end.
func TestCopiesIntoAnotherAccountRunOneByOne(t *testing.T) {
	t.Parallel()
	key := func(account, region string) admission.Key {
		j := job(driver.Copy)
		j.Account, j.Region = account, region
		return NewRequest(j, nil).Resource
	}
	if key("444455556666", "eu-west-1") != key("444455556666", "eu-central-1") {
		t.Error("copies into two regions of another account may run at once")
	}
	if key("444455556666", "eu-west-1") == key("777788889999", "eu-west-1") {
		t.Error("copies into two accounts wait for each other")
	}
	if key("111122223333", "eu-west-1") == key("111122223333", "eu-central-1") {
		t.Error("copies into two regions of the own account wait for each other")
	}
}

func TestDefaultCapsCarryAWSQuotas(t *testing.T) {
	t.Parallel()
	got := DefaultCaps(40, 5, 0, []driver.Descriptor{
		{Kind: resource.EBS, Quotas: []driver.Quota{{Operation: driver.Copy, Limit: 20}}},
	})
	want := admission.Caps{"account=*": 40, "restores=*": 5, "quota-ebs-copy=*": 20}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if DefaultCaps(1, 1, 500, nil)["fleet=all"] != 500 {
		t.Error("a fleet cap that is set must be there")
	}
}

func TestPriorityAndDueTimeOrderTheWaiting(t *testing.T) {
	t.Parallel()
	low, usual, high := job(driver.Backup), job(driver.Backup), job(driver.Backup)
	low.Spec.Priority, high.Spec.Priority = catalog.MinPriority, catalog.MaxPriority
	copied, manual := job(driver.Copy), job(driver.Backup)
	copied.Spec.Priority, manual.Plan = catalog.MaxPriority, ""
	manual.Spec.Priority = catalog.MinPriority
	order := []catalog.Job{manual, high, usual, low, copied}
	for i := range order[1:] {
		if NewRequest(order[i], nil).Band >= NewRequest(order[i+1], nil).Band {
			t.Errorf("request %d does not go before the next: bands %d and %d", i, NewRequest(order[i], nil).Band, NewRequest(order[i+1], nil).Band)
		}
	}
	due := job(driver.Backup)
	due.Spec.DueBy = time.Unix(500, 0)
	if got := NewRequest(due, nil).Deadline; !got.Equal(time.Unix(500, 0)) {
		t.Errorf("the deadline is %s, want when the job is due", got)
	}
	due.Spec.DueBy = time.Unix(5000, 0)
	if got := NewRequest(due, nil).Deadline; !got.Equal(due.StartBy) {
		t.Errorf("the deadline is %s, want the end of the start window", got)
	}
}

func TestKeysOfUnitsAndDestinations(t *testing.T) {
	t.Parallel()
	units := Units(func(account string) []string { return []string{"production", "production/web"} })
	copied := job(driver.Copy)
	want := []admission.Key{
		"fleet=all", "unit=production", "unit=production/web", "account=111122223333",
		"quota-ebs-copy=111122223333/eu-west-1", "destination=111122223333/eu-west-1",
	}
	if diff := cmp.Diff(want, NewRequest(copied, units).Keys); diff != "" {
		t.Error(diff)
	}
}

// The jobs of a group share their keys, so the engines of one kind wait apart.
func TestEnginesWaitInGroupsOfTheirOwn(t *testing.T) {
	t.Parallel()
	native, vaulted := job(driver.Backup), job(driver.Backup)
	native.Engine, vaulted.Engine = driver.Native, driver.AWSBackup
	a, b := NewRequest(native, nil), NewRequest(vaulted, nil)
	if a.Group == b.Group || cmp.Equal(a.Keys, b.Keys) {
		t.Errorf("groups %s and %s with keys %v and %v", a.Group, b.Group, a.Keys, b.Keys)
	}
	if operationOf(b.Group) != driver.Backup {
		t.Errorf("the operation of %s is %s", b.Group, operationOf(b.Group))
	}
}

package rdscluster

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"holdfast/driver"
	"holdfast/failure"
)

// TestNextInstances writes instances as name=status.
func TestNextInstances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want, have, makes string
		wait              failure.Class
	}{
		{want: "", have: ""},
		{want: "w r1 r2", have: "", makes: "w", wait: failure.Busy},
		{want: "w r1 r2", have: "w=creating", wait: failure.Busy},
		{want: "w r1 r2", have: "r1=available", makes: "w", wait: failure.Busy},
		{want: "w r1 r2", have: "w=available", makes: "r1 r2", wait: failure.Busy},
		{want: "w r1 r2", have: "w=available r1=creating", makes: "r2", wait: failure.Busy},
		{want: "w r1 r2", have: "w=available r1=available r2=modifying", wait: failure.Busy},
		{want: "w r1 r2", have: "w=available r1=available r2=storage-optimization another=failed"},
		{want: "w r1 r2", have: "w=available r1=failed", wait: failure.Invalid},
		{want: "w", have: "w=incompatible-network", wait: failure.Invalid},
	} {
		var want []*rds.CreateDBInstanceInput
		for id := range strings.FieldsSeq(tt.want) {
			want = append(want, &rds.CreateDBInstanceInput{DBInstanceIdentifier: aws.String(id)})
		}
		var have []types.DBInstance
		for text := range strings.FieldsSeq(tt.have) {
			id, status, _ := strings.Cut(text, "=")
			have = append(have, types.DBInstance{DBInstanceIdentifier: aws.String(id), DBInstanceStatus: aws.String(status)})
		}
		missing, wait := nextInstances(want, have)
		var makes []string
		for _, in := range missing {
			makes = append(makes, *in.DBInstanceIdentifier)
		}
		if got := strings.Join(makes, " "); got != tt.makes || failure.ClassOf(wait) != tt.wait {
			t.Errorf("want %q, have %q: makes %q (%v), want %q (%s)", tt.want, tt.have, got, wait, tt.makes, tt.wait)
		}
	}
}

func TestClusterStates(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]driver.State{
		"available": driver.Succeeded, "creating": driver.Pending, "backing-up": driver.Pending, "modifying": driver.Pending,
		"upgrading": driver.Pending, "deleting": driver.Gone, "failed": driver.Failed, "cloning-failed": driver.Failed,
		"migration-failed": driver.Failed, "inaccessible-encryption-credentials": driver.Failed,
		"inaccessible-encryption-credentials-recoverable": driver.Failed, "incompatible-restore": driver.Failed,
		"incompatible-parameters": driver.Failed, "dreaming": driver.Pending,
	} {
		if got := clusterStatus(&types.DBCluster{Status: aws.String(status)}); got.State != want {
			t.Errorf("status %q is %s, want %s", status, got.State, want)
		}
	}
}

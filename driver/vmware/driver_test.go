package vmware_test

import (
	"errors"
	"strings"
	"testing"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/drivertest"
	"holdfast/driver/drivertest/simharness"
	"holdfast/driver/vmware"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, simharness.Of(func(p awssession.Provider) *awsbackup.Driver { return vmware.New(p, awsbackup.Options{}) }))
}

func request(overrides map[string]string) driver.RestoreRequest {
	home := resource.Scope{Partition: "aws", Account: "111111111111", Region: "eu-central-1"}
	return driver.RestoreRequest{
		Scope: home, Overrides: overrides, Mark: driver.Mark{Installation: "test", JobID: "j"},
		Point: driver.Point{Ref: "daily/arn:aws:backup:eu-central-1:111111111111:recovery-point:p"},
		Resource: resource.Resource{
			ARN: "arn:aws:backup-gateway:eu-central-1:111111111111:vm/vm-1", Name: "vm-1", Account: home.Account, Region: home.Region,
			Settings: []byte(`{"name":"web","path":"/dc/vm","hypervisor_id":"hype-1"}`),
		},
	}
}

func TestPlanRestore(t *testing.T) {
	t.Parallel()
	d := vmware.New(nil, awsbackup.Options{})
	for name, c := range map[string]struct {
		overrides map[string]string
		calls     int
		want      []string // in the input of StartRestoreJob
		problems  []string
	}{
		"without input": {nil, 3, []string{
			`"RestoreTo":"VMware"`, `"VMName":"web-hf-`, `"VMPath":"/dc/vm"`, `"HypervisorArn":"arn:aws:backup-gateway:eu-central-1:111111111111:hypervisor/hype-1"`,
		}, nil},
		"to EC2": {map[string]string{"restore_to": "EC2Instance", "instance_type": "m7i.large", "subnet_id": "subnet-1", "security_group_ids": "sg-1,sg-2"}, 2, []string{
			`"RestoreTo":"EC2Instance"`, `"InstanceType":"m7i.large"`, `"SecurityGroupIds":"[\"sg-1\",\"sg-2\"]"`,
		}, nil},
		"to EBS":       {map[string]string{"restore_to": "EBSVolume", "availability_zone": "eu-central-1a", "disks": "[1]"}, 2, []string{`"AvailabilityZone":"eu-central-1a"`, `"ItemsToRestore":"[1]"`}, nil},
		"too little":   {map[string]string{"restore_to": "EC2Instance"}, 0, nil, []string{"instance_type", "subnet_id"}},
		"mixed up":     {map[string]string{"instance_type": "m7i.large", "encrypted": "true"}, 0, nil, []string{"instance_type", "encrypted"}},
		"not a target": {map[string]string{"restore_to": "Hyper-V"}, 0, nil, []string{"restore_to"}},
	} {
		plan, err := d.PlanRestore(request(c.overrides))
		var wrong *driver.ParameterError
		switch {
		case len(c.problems) > 0 && (!errors.As(err, &wrong) || len(wrong.Problems) != len(c.problems)):
			t.Errorf("%s: %v, want a problem of each of %v", name, err, c.problems)
		case len(c.problems) > 0:
			for _, p := range c.problems {
				if !strings.Contains(wrong.Error(), p) {
					t.Errorf("%s: %v does not name %s", name, wrong, p)
				}
			}
		case err != nil || len(plan.Calls) != c.calls:
			t.Errorf("%s: %+v, %v, want %d calls", name, plan.Calls, err, c.calls)
		default:
			for _, text := range c.want {
				if input := string(plan.Calls[1].Input); !strings.Contains(input, text) {
					t.Errorf("%s: %s has no %s", name, input, text)
				}
			}
		}
	}
}

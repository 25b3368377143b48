package vmware

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/backupgateway"
	"holdfast/resource"
)

// The targets of a restore, as AWS Backup spells them.
const (
	toVMware = "VMware"
	toEC2    = "EC2Instance"
	toEBS    = "EBSVolume"
)

// targets has the parameters each target takes, with AWS Backup's names for them.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-vm.html
var targets = map[string]map[string]string{
	toVMware: {
		"hypervisor_arn": "HypervisorArn", "vm_name": "VMName", "vm_path": "VMPath",
		"compute_resource": "ComputeResourceName", "datastore": "VMDatastore", "disks": "DisksToRestore",
	},
	toEC2: {
		"instance_type": "InstanceType", "vpc_id": "VpcId", "subnet_id": "SubnetId",
		"security_group_ids": "SecurityGroupIds", "instance_profile": "IamInstanceProfileName",
	},
	toEBS: {
		"availability_zone": "AvailabilityZone", "volume_type": "EbsVolumeType", "encrypted": "IsEncrypted",
		"kms_key_id": "KmsKeyId", "disks": "ItemsToRestore",
	},
}

// needed are the parameters a target cannot do without and the point does not have.
var needed = map[string][]string{toEC2: {"instance_type", "subnet_id"}, toEBS: {"availability_zone", "disks"}}

// Parameters are those of a restore to any target.
func (*machines) Parameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "restore_to", Description: "VMware, EC2Instance or EBSVolume (default VMware)"},
		{Name: "vm_name", Description: "VMware: name of the new machine (default: the source's and the job's token)"},
		{Name: "vm_path", Description: "VMware: folder of the new machine", Recorded: true},
		{Name: "hypervisor_arn", Description: "VMware: hypervisor to restore to (default: the source's)", Recorded: true},
		{Name: "compute_resource", Description: "VMware: host or cluster (default: as recorded in the point)"},
		{Name: "datastore", Description: "VMware: datastore (default: as recorded in the point)"},
		{Name: "disks", Description: "VMware, EBSVolume: disks to restore, as AWS Backup's JSON"},
		{Name: "instance_type", Description: "EC2Instance: type of the instance"},
		{Name: "subnet_id", Description: "EC2Instance: subnet of the instance"},
		{Name: "vpc_id", Description: "EC2Instance: VPC of the instance"},
		{Name: "security_group_ids", Description: "EC2Instance: security groups, separated by commas"},
		{Name: "instance_profile", Description: "EC2Instance: name of the instance profile"},
		{Name: "availability_zone", Description: "EBSVolume: Availability Zone of the volume"},
		{Name: "volume_type", Description: "EBSVolume: type of the volume"},
		{Name: "encrypted", Description: "EBSVolume: true or false"},
		{Name: "kms_key_id", Description: "EBSVolume: KMS key of the volume"},
	}
}

// Actions are what Finish calls.
func (*machines) Actions() []string { return []string{"backup-gateway:TagResource"} }

// Recorded returns where the source was.
func (*machines) Recorded(req driver.RestoreRequest) map[string]string {
	r := req.Resource
	var s Settings
	if json.Unmarshal(r.Settings, &s) != nil {
		return nil
	}
	recorded := map[string]string{"vm_path": s.Path}
	if arn, err := resource.ParseARN(r.ARN); err == nil && s.HypervisorID != "" {
		arn.Resource = "hypervisor/" + s.HypervisorID
		recorded["hypervisor_arn"] = arn.String()
	}
	return recorded
}

// Metadata are AWS Backup's words for the parameters of the target; those of another target
// are refused when given.
func (*machines) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	v.Default("restore_to", toVMware)
	v.OneOf("restore_to", toVMware, toEC2, toEBS)
	to := v.Text("restore_to")
	if to == toVMware {
		v.Default("vm_name", nameOf(req.Resource)+"-"+req.Mark.Token())
	}
	metadata := map[string]string{"RestoreTo": to}
	for _, target := range slices.Sorted(maps.Keys(targets)) {
		for _, name := range slices.Sorted(maps.Keys(targets[target])) {
			_, takes := targets[to][name]
			switch {
			case takes && v.Text(name) != "":
				metadata[targets[to][name]] = v.Text(name)
			case !takes && v.Given(name) && targets[to] != nil:
				v.Problem("%s does not apply to restore_to=%s", name, to)
			case !takes:
				v.Drop(name)
			}
		}
	}
	v.Bool("encrypted")
	if groups := v.List("security_group_ids"); to == toEC2 && len(groups) > 0 {
		list, _ := json.Marshal(groups) // strings always encode
		metadata["SecurityGroupIds"] = string(list)
	}
	for _, name := range needed[to] {
		if v.Text(name) == "" {
			v.Problem("%s is missing: restore_to=%s needs it", name, to)
		}
	}
	return metadata
}

func nameOf(r resource.Resource) string {
	var s Settings
	if json.Unmarshal(r.Settings, &s) == nil && s.Name != "" {
		return s.Name
	}
	return r.Name
}

// tagging is the call that marks a restored machine; nil for another target.
func tagging(req driver.RestoreRequest, arn string) *backupgateway.TagResourceInput {
	in := &backupgateway.TagResourceInput{ResourceARN: &arn}
	tags := marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, backupgateway.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return in
}

// Calls lists what Finish will do.
func (*machines) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	if v.Text("restore_to") != toVMware {
		return nil, nil
	}
	call, err := parameters.Call("backup-gateway:TagResource", tagging(req, "the new machine"))
	return []driver.Call{call}, err
}

// Finish marks a machine restored to VMware. Doing so again changes nothing.
func (m *machines) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error {
	if v.Text("restore_to") != toVMware {
		return nil
	}
	client, err := m.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	_, err = client.TagResource(ctx, tagging(req, arn))
	return wrap("TagResource", err)
}

// idOf returns the id at the end of a machine's ARN.
func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

package storagegateway

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"

	"holdfast/driver"
	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/ebssnap"
	"holdfast/driver/internal/ec2points"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/internal/awssession"
	"holdfast/resource"
)

// NewAWSBackup returns the driver of Storage Gateway volumes through AWS Backup. Its points
// are EBS snapshots, which AWS Backup alone may delete.
func NewAWSBackup(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	native, tags := New(sessions), ec2points.New(sessions, ebssnap.Wrap)
	facts := native.Descriptor()
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: facts.Kind, Title: facts.Title, ARNPattern: facts.ARNPattern, Type: "Storage Gateway", KeysOf: "ebs",
		Discover: native.Discover, Ready: native.answers,
		DiscoverActions: []string{
			"storagegateway:DescribeCachediSCSIVolumes", "storagegateway:DescribeStorediSCSIVolumes",
			"storagegateway:ListGateways", "storagegateway:ListTagsForResource", "storagegateway:ListVolumes",
		},
		Unseen: map[string]string{
			"storagegateway:DescribeStorediSCSIVolumes": "for stored volumes: the checks have cached ones",
			"ec2:CreateTags": "for restores to an EBS volume: the checks restore to the like",
		},
		DiscoverCalls: []string{"ListGateways", "ListVolumes", "DescribeCachediSCSIVolumes", "ListTagsForResource"},
		TagCalls:      []string{"DescribeTags"}, Points: tags, Restore: restoration{native, tags},
	})
}

// answers returns an error of class busy while the gateway of a stored volume is not
// connected, which fails the job. A cached volume is backed up without it.
func (d *Driver) answers(ctx context.Context, scope resource.Scope, r resource.Resource) error {
	if typeOf(r) != storedGateway {
		return nil
	}
	client, err := d.gateways.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	_, err = describeStored(ctx, client, []string{r.ARN})
	return err
}

// restoration is a restore by AWS Backup into a new volume of a gateway, or of EC2.
type restoration struct {
	native *Driver
	tags   *ec2points.Tags
}

// Parameters are those of the native restore but for the gateway's address, which AWS
// Backup chooses.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-storage-gateway.html
func (restoration) Parameters() []driver.Parameter {
	return slices.DeleteFunc(restoreParameters(), func(p driver.Parameter) bool { return p.Name == "network_interface" })
}

// Actions are what Finish calls.
func (r restoration) Actions() []string {
	_, write := r.tags.Actions()
	return append(write, "storagegateway:AddTagsToResource")
}

// Recorded returns what the volume was like.
func (restoration) Recorded(req driver.RestoreRequest) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil
	}
	return settings.recorded()
}

// RestoreType is EBS's for a volume of EC2.
func (restoration) RestoreType(v *parameters.Values) string {
	if v.Text("restore_as") == asEBS {
		return "EBS"
	}
	return ""
}

// fromGateway are the metadata of the point that mean nothing to EC2.
var fromGateway = []string{"gatewayArn", "gatewayType", "targetName", "volumeSizeInBytes", "diskId", "kmsKey"}

// Metadata are AWS Backup's words for the parameters: those of a gateway's volume, or of an
// EBS volume.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-ebs.html
func (restoration) Metadata(req driver.RestoreRequest, v *parameters.Values) map[string]string {
	settings, err := readSettings(req.Resource)
	if err != nil {
		v.Problem("what was recorded cannot be read: %v", err)
	}
	fit(req, settings, v)
	as, metadata := v.Text("restore_as"), map[string]string{}
	if as == asEBS {
		for _, name := range fromGateway {
			metadata[name] = ""
		}
		metadata["availabilityZone"], metadata["volumeType"] = v.Text("availability_zone"), v.Text("volume_type")
		metadata["volumeSize"], metadata["kmsKeyId"] = v.Text("size_gib"), v.Text("kms_key_id")
		if v.Text("kms_key_id") != "" {
			metadata["encrypted"] = "true"
		}
		return metadata
	}
	metadata["gatewayArn"], metadata["gatewayType"] = v.Text("gateway_arn"), strings.ToUpper(as)
	metadata["targetName"], metadata["diskId"], metadata["kmsKey"] = v.Text("target_name"), v.Text("disk_id"), v.Text("kms_key_id")
	if size := v.Int32("size_gib", 1); size != nil {
		metadata["volumeSize"], metadata["volumeSizeInBytes"] = strconv.Itoa(int(*size)), strconv.FormatInt(int64(*size)<<30, 10)
	}
	return metadata
}

// Calls lists what Finish will do.
func (restoration) Calls(req driver.RestoreRequest, v *parameters.Values) ([]driver.Call, error) {
	operation, input := "storagegateway:AddTagsToResource", any(tagInput("the new volume", req))
	if v.Text("restore_as") == asEBS {
		operation, input = "ec2:CreateTags", ec2points.Input("the new volume", restoredTags(req))
	}
	call, err := parameters.Call(operation, input)
	return []driver.Call{call}, err
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

func tagInput(arn string, req driver.RestoreRequest) *storagegateway.AddTagsToResourceInput {
	return &storagegateway.AddTagsToResourceInput{ResourceARN: aws.String(arn), Tags: toTags(restoredTags(req))}
}

// Finish marks the volume. Doing so again changes nothing.
func (r restoration) Finish(ctx context.Context, req driver.RestoreRequest, v *parameters.Values, arn string) error {
	if v.Text("restore_as") == asEBS {
		return r.tags.Tag(ctx, req.Scope, resource.ForRestore, arn, restoredTags(req))
	}
	client, err := r.native.gateways.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	_, err = client.AddTagsToResource(ctx, tagInput(arn, req))
	return wrap("AddTagsToResource", err)
}

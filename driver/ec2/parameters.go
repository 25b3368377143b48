package ec2

import (
	"encoding/json"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
)

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "instance_type", Recorded: true, Required: true, Description: "for example m5.large"},
		{Name: "subnet_id", Recorded: true, Required: true,
			Description: "the subnet of the new instance; the recorded one, except in another region or account"},
		{Name: "security_group_ids", Recorded: true,
			Description: "security groups, separated by commas; without them EC2 takes the VPC's default group"},
		{Name: "private_ip_address", Description: "an address of the subnet; the recorded one is taken while its instance lives"},
		{Name: "key_name", Recorded: true, Description: "the key pair"},
		{Name: "instance_profile_arn", Recorded: true, Description: "the instance profile, kept within the account"},
		{Name: "tenancy", Recorded: true, Description: "default or dedicated"},
		{Name: "ebs_optimized", Recorded: true, Description: "true or false"},
		{Name: "monitoring", Recorded: true, Description: "true for detailed monitoring"},
		{Name: "metadata_tokens", Recorded: true, Description: "required for IMDSv2 only, or optional"},
		{Name: "metadata_hops", Recorded: true, Description: "hop limit of the metadata service, 1 to 64"},
		{Name: "metadata_endpoint", Recorded: true, Description: "enabled or disabled"},
		{Name: "kms_key_id", Description: "the key to encrypt the new volumes with; else that of the snapshots"},
	}
}

// resolve merges the recorded settings and the overrides.
func (d *Driver) resolve(req driver.RestoreRequest) (Settings, *parameters.Values, error) {
	var settings Settings
	if len(req.Resource.Settings) > 0 {
		if err := json.Unmarshal(req.Resource.Settings, &settings); err != nil {
			return settings, nil, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", req.Resource.ARN, err)
		}
	}
	known := recorded(req, settings)
	localMode(known, req, settings)
	values := parameters.Resolve(d.Descriptor(), known, req.Overrides)
	checkMode(values)
	values.OneOf("tenancy", "default", "dedicated")
	values.OneOf("metadata_tokens", "required", "optional")
	values.OneOf("metadata_endpoint", "enabled", "disabled")
	return settings, values, nil
}

// recorded turns settings into parameters. A network means nothing in another region, an
// instance profile nothing in another account. Host tenancy needs a host of its own.
func recorded(req driver.RestoreRequest, s Settings) map[string]string {
	values := map[string]string{
		"instance_type": s.InstanceType, "key_name": s.KeyName, "subnet_id": s.SubnetID,
		"security_group_ids": strings.Join(s.SecurityGroupIDs, ","), "instance_profile_arn": s.ProfileARN,
		"tenancy": s.Tenancy, "ebs_optimized": yes(s.EBSOptimized), "monitoring": yes(s.Monitoring),
		"metadata_tokens": s.MetadataTokens, "metadata_endpoint": s.MetadataEndpoint,
	}
	if s.MetadataHops > 0 {
		values["metadata_hops"] = strconv.Itoa(int(s.MetadataHops))
	}
	if s.Tenancy == "host" {
		delete(values, "tenancy")
	}
	abroad := req.Scope.Account != req.Resource.Account
	if abroad {
		delete(values, "instance_profile_arn")
	}
	if abroad || req.Scope.Region != req.Resource.Region {
		for _, name := range []string{"subnet_id", "security_group_ids", "key_name"} {
			delete(values, name)
		}
	}
	return values
}

// yes is "true", or no value.
func yes(set bool) string {
	if !set {
		return ""
	}
	return "true"
}

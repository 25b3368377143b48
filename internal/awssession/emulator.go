package awssession

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// EmulatorOptions returns the options of sessions with an emulator of AWS at url, which takes
// any credentials and has every account that a role of it is assumed in.
func EmulatorOptions(url, installation, region string) Options {
	return Options{
		Installation: installation, RoleTemplate: "arn:{partition}:iam::{account}:role/holdfast-{purpose}",
		Base: &aws.Config{
			Region: region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIAEMULATOR", "not-a-secret", ""),
		},
	}
}

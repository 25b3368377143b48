package resource

import (
	"fmt"
	"regexp"
	"strings"
)

// ARN is a parsed Amazon Resource Name.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
type ARN struct {
	Partition string // aws, aws-us-gov, aws-cn
	Service   string // ec2, rds, dynamodb, ...
	Region    string // empty for global resources
	Account   string // twelve digits, empty where the service leaves it out
	Resource  string // everything after the fifth colon, e.g. volume/vol-0a1b
}

// maxARNLength is the longest ARN AWS documents for any service (IAM: 2048).
const maxARNLength = 2048

// ParseARN splits s into its parts. It refuses strings that lack one of the six
// fields, name an unknown partition or carry an account that is not twelve digits.
func ParseARN(s string) (ARN, error) {
	if len(s) > maxARNLength {
		return ARN{}, fmt.Errorf("ARN is longer than %d characters", maxARNLength)
	}
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, fmt.Errorf("%q is not an ARN: want arn:partition:service:region:account:resource", s)
	}
	a := ARN{Partition: parts[1], Service: parts[2], Region: parts[3], Account: parts[4], Resource: parts[5]}
	switch {
	case !ValidPartition(a.Partition):
		return ARN{}, fmt.Errorf("ARN %q: unknown partition %q: use aws, aws-us-gov or aws-cn", s, a.Partition)
	case a.Service == "":
		return ARN{}, fmt.Errorf("ARN %q: the service is empty", s)
	case a.Resource == "":
		return ARN{}, fmt.Errorf("ARN %q: the resource is empty", s)
	case a.Account != "" && !ValidAccount(a.Account):
		return ARN{}, fmt.Errorf("ARN %q: account %q is not twelve digits", s, a.Account)
	}
	return a, nil
}

// String joins the parts again; ParseARN(a.String()) gives a back.
func (a ARN) String() string {
	return strings.Join([]string{"arn", a.Partition, a.Service, a.Region, a.Account, a.Resource}, ":")
}

// ValidPartition reports whether p is a partition Holdfast supports.
func ValidPartition(p string) bool {
	return p == "aws" || p == "aws-us-gov" || p == "aws-cn"
}

// ValidAccount reports whether s is a twelve-digit AWS account id.
func ValidAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}

// regionName is the form of AWS's region names.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html
var regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

// ValidRegion reports whether s has the form of a region's name, like eu-central-1.
func ValidRegion(s string) bool { return regionName.MatchString(s) }

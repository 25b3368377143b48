package resource

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is one of the thirteen resource kinds Holdfast exists for.
type Kind string

// The closed list of kinds. The spelling is the one users write in the CLI, see in
// metric labels and find as folder name under driver/.
const (
	EC2            Kind = "ec2"
	EBS            Kind = "ebs"
	RDS            Kind = "rds"
	Aurora         Kind = "aurora"
	Neptune        Kind = "neptune"
	DocDB          Kind = "docdb"
	DynamoDB       Kind = "dynamodb"
	EFS            Kind = "efs"
	FSxLustre      Kind = "fsxlustre"
	FSxWindows     Kind = "fsxwindows"
	StorageGateway Kind = "storagegateway"
	S3             Kind = "s3"
	VMware         Kind = "vmware"
)

// Kinds returns every kind in a fixed order.
func Kinds() []Kind {
	return []Kind{
		EC2, EBS, RDS, Aurora, Neptune, DocDB, DynamoDB,
		EFS, FSxLustre, FSxWindows, StorageGateway, S3, VMware,
	}
}

// ParseKind returns the kind spelled s, or an error that lists the valid spellings.
func ParseKind(s string) (Kind, error) {
	if slices.Contains(Kinds(), Kind(s)) {
		return Kind(s), nil
	}
	names := make([]string, 0, len(Kinds()))
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return "", fmt.Errorf("unknown resource kind %q: use one of %s", s, strings.Join(names, ", "))
}

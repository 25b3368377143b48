package awsbackup

import (
	"strings"

	"holdfast/driver"
	"holdfast/failure"
	"holdfast/resource"
)

// pointRef is the reference of a recovery point: its vault and its ARN.
func pointRef(vault, arn string) driver.Ref { return driver.Ref(vault + "/" + arn) }

func splitPoint(ref driver.Ref) (vault, arn string, err error) {
	vault, arn, ok := strings.Cut(string(ref), "/")
	if !ok || vault == "" || !strings.HasPrefix(arn, "arn:") {
		return "", "", failure.Errorf(failure.Invalid, "%q is not a recovery point of AWS Backup: want VAULT/ARN", ref)
	}
	return vault, arn, nil
}

// copyRef is the reference of a copy job: where it was started, and its id.
func copyRef(source resource.Scope, id string) driver.Ref {
	return driver.Ref(source.Account + "/" + source.Region + "/" + id)
}

func splitCopy(ref driver.Ref, partition string) (source resource.Scope, id string, err error) {
	parts := strings.Split(string(ref), "/")
	if len(parts) != 3 {
		return resource.Scope{}, "", failure.Errorf(failure.Invalid, "%q is not a copy job of AWS Backup: want ACCOUNT/REGION/JOB", ref)
	}
	return resource.Scope{Partition: partition, Account: parts[0], Region: parts[1]}, parts[2], nil
}

// vaultOfARN returns the name in the ARN of a vault.
func vaultOfARN(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

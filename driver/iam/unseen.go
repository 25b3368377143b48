package iam

import (
	"strings"

	"holdfast/driver"
)

// unseen has what several kinds list and the conformance checks never see needed. A row
// stands for all actions that begin so.
var unseen = []struct{ action, why string }{
	{"kms:", "EC2, RDS, FSx and AWS Backup use the key of what is encrypted as the caller: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"},
	{"backup-storage:", "making a vault mounts its storage: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html"},
	{"backup:CopyFromBackupVault", "StartCopyJob needs it on the vault the point is in: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html"},
	{"backup:CopyIntoBackupVault", "StartCopyJob needs it on the vault the copy goes to: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html"},
	{"backup:DescribeCopyJob", "asked of a job that listings do not show any more"},
	{"backup:DescribeRestoreJob", "asked of a job that listings do not show any more, and for what it made"},
	{"backup:UpdateRecoveryPointLifecycle", "only points that were not told when they were made move to cold storage by it"},
	{"iam:CreateServiceLinkedRole", "the first deletion or restore makes the service's own role: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html"},
	{"ec2:DescribeAccountAttributes", networks}, {"ec2:DescribeSecurityGroups", networks}, {"ec2:DescribeSubnets", networks}, {"ec2:DescribeVpcs", networks},
}

const networks = "RDS and FSx look at the network as the caller: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.html"

// Unseen returns why a role needs an action of d that the checks never see needed; "" where
// they must.
func Unseen(d driver.Descriptor, action string) string {
	if why := d.Unseen[action]; why != "" {
		return why
	}
	for _, row := range unseen {
		if strings.HasPrefix(action, row.action) {
			return row.why
		}
	}
	return ""
}

# Roles for Holdfast in one account, and the policy of the role it runs with.
# Made by `holdfast driver iam --format terraform`.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "installation" {
  description = "installation of holdfast.yaml: what carries this mark, and nothing else, can be deleted"
  type        = string
}

variable "external_id" {
  description = "aws.roles.external_id of holdfast.yaml"
  type        = string
  sensitive   = true
}

variable "hub_role_arn" {
  description = "ARN of the role Holdfast runs with"
  type        = string
}

variable "role_prefix" {
  description = "beginning of the roles' names, see aws.roles.arn_template"
  type        = string
  default     = "holdfast"
}

data "aws_partition" "current" {}

resource "aws_iam_role" "discover" {
  name        = "${var.role_prefix}-discover"
  description = "Holdfast: discover"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "HoldfastMayAssume",
        "Effect" : "Allow",
        "Principal" : {
          "AWS" : "${var.hub_role_arn}"
        },
        "Action" : [
          "sts:AssumeRole"
        ],
        "Condition" : {
          "StringEquals" : {
            "sts:ExternalId" : [
              "${var.external_id}"
            ]
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "discover" {
  name = "holdfast-discover"
  role = aws_iam_role.discover.id
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "AskAboutKeys",
        "Effect" : "Allow",
        "Action" : [
          "kms:DescribeKey"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "Work",
        "Effect" : "Allow",
        "Action" : [
          "backup-gateway:ListTagsForResource",
          "backup-gateway:ListVirtualMachines",
          "backup:DescribeBackupJob",
          "backup:DescribeCopyJob",
          "backup:DescribeRecoveryPoint",
          "backup:DescribeRestoreJob",
          "backup:ListBackupJobs",
          "backup:ListBackupVaults",
          "backup:ListCopyJobs",
          "backup:ListRecoveryPointsByBackupVault",
          "backup:ListRestoreJobs",
          "backup:ListTags",
          "dynamodb:DescribeBackup",
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
          "dynamodb:ListBackups",
          "dynamodb:ListTables",
          "dynamodb:ListTagsOfResource",
          "ec2:DescribeImages",
          "ec2:DescribeInstances",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeReplaceRootVolumeTasks",
          "ec2:DescribeSnapshotTierStatus",
          "ec2:DescribeSnapshots",
          "ec2:DescribeTags",
          "ec2:DescribeVolumes",
          "elasticfilesystem:DescribeFileSystems",
          "elasticfilesystem:DescribeLifecycleConfiguration",
          "elasticfilesystem:DescribeMountTargetSecurityGroups",
          "elasticfilesystem:DescribeMountTargets",
          "fsx:DescribeBackups",
          "fsx:DescribeDataRepositoryAssociations",
          "fsx:DescribeFileSystems",
          "rds:DescribeDBClusterSnapshots",
          "rds:DescribeDBClusters",
          "rds:DescribeDBInstances",
          "rds:DescribeDBSnapshots",
          "rds:ListTagsForResource",
          "s3:GetBucketTagging",
          "s3:GetBucketVersioning",
          "s3:ListAllMyBuckets",
          "storagegateway:DescribeCachediSCSIVolumes",
          "storagegateway:DescribeStorediSCSIVolumes",
          "storagegateway:ListGateways",
          "storagegateway:ListTagsForResource",
          "storagegateway:ListVolumes"
        ],
        "Resource" : "*"
      }
    ]
  })
}

resource "aws_iam_role" "backup" {
  name        = "${var.role_prefix}-backup"
  description = "Holdfast: backup"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "HoldfastMayAssume",
        "Effect" : "Allow",
        "Principal" : {
          "AWS" : "${var.hub_role_arn}"
        },
        "Action" : [
          "sts:AssumeRole"
        ],
        "Condition" : {
          "StringEquals" : {
            "sts:ExternalId" : [
              "${var.external_id}"
            ]
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "backup" {
  name = "holdfast-backup"
  role = aws_iam_role.backup.id
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "GrantKeysToServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:CreateGrant",
          "kms:RetireGrant"
        ],
        "Resource" : "*",
        "Condition" : {
          "Bool" : {
            "kms:GrantIsForAWSResource" : [
              "true"
            ]
          }
        }
      },
      {
        "Sid" : "AskAboutKeys",
        "Effect" : "Allow",
        "Action" : [
          "kms:DescribeKey"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "UseKeysThroughServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:Decrypt",
          "kms:GenerateDataKey"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringLike" : {
            "kms:ViaService" : [
              "backup.*.${data.aws_partition.current.dns_suffix}",
              "dynamodb.*.${data.aws_partition.current.dns_suffix}",
              "ec2.*.${data.aws_partition.current.dns_suffix}",
              "elasticfilesystem.*.${data.aws_partition.current.dns_suffix}",
              "fsx.*.${data.aws_partition.current.dns_suffix}",
              "rds.*.${data.aws_partition.current.dns_suffix}",
              "s3.*.${data.aws_partition.current.dns_suffix}",
              "storagegateway.*.${data.aws_partition.current.dns_suffix}"
            ]
          }
        }
      },
      {
        "Sid" : "PassRolesToServices",
        "Effect" : "Allow",
        "Action" : [
          "iam:PassRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/*",
        "Condition" : {
          "StringEquals" : {
            "iam:PassedToService" : [
              "backup.amazonaws.com",
              "ec2.amazonaws.com",
              "ec2.${data.aws_partition.current.dns_suffix}",
              "monitoring.rds.amazonaws.com",
              "rds.amazonaws.com"
            ]
          }
        }
      },
      {
        "Sid" : "TagWhatIsMade",
        "Effect" : "Allow",
        "Action" : [
          "ec2:CreateTags"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringEquals" : {
            "ec2:CreateAction" : [
              "CopyImage",
              "CopySnapshot",
              "CreateImage",
              "CreateSnapshot",
              "CreateSnapshots",
              "CreateVolume",
              "RunInstances"
            ]
          }
        }
      },
      {
        "Sid" : "Work",
        "Effect" : "Allow",
        "Action" : [
          "backup-storage:MountCapsule",
          "backup:CreateBackupVault",
          "backup:DescribeBackupJob",
          "backup:DescribeBackupVault",
          "backup:DescribeRegionSettings",
          "backup:StartBackupJob",
          "backup:StopBackupJob",
          "backup:TagResource",
          "dynamodb:CreateBackup",
          "ec2:CreateImage",
          "ec2:CreateSnapshot",
          "fsx:CreateBackup",
          "fsx:TagResource",
          "rds:AddTagsToResource",
          "rds:CreateDBClusterSnapshot",
          "rds:CreateDBSnapshot",
          "rds:DescribeDBClusterSnapshots",
          "rds:DescribeDBSnapshots",
          "rds:ListTagsForResource",
          "storagegateway:AddTagsToResource",
          "storagegateway:CreateSnapshot",
          "storagegateway:CreateSnapshotFromVolumeRecoveryPoint"
        ],
        "Resource" : "*"
      }
    ]
  })
}

resource "aws_iam_role" "copy" {
  name        = "${var.role_prefix}-copy"
  description = "Holdfast: copy"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "HoldfastMayAssume",
        "Effect" : "Allow",
        "Principal" : {
          "AWS" : "${var.hub_role_arn}"
        },
        "Action" : [
          "sts:AssumeRole"
        ],
        "Condition" : {
          "StringEquals" : {
            "sts:ExternalId" : [
              "${var.external_id}"
            ]
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "copy" {
  name = "holdfast-copy"
  role = aws_iam_role.copy.id
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "GrantKeysToServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:CreateGrant",
          "kms:RetireGrant"
        ],
        "Resource" : "*",
        "Condition" : {
          "Bool" : {
            "kms:GrantIsForAWSResource" : [
              "true"
            ]
          }
        }
      },
      {
        "Sid" : "AskAboutKeys",
        "Effect" : "Allow",
        "Action" : [
          "kms:DescribeKey"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "UseKeysThroughServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:Decrypt",
          "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext",
          "kms:ReEncrypt*"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringLike" : {
            "kms:ViaService" : [
              "backup.*.${data.aws_partition.current.dns_suffix}",
              "dynamodb.*.${data.aws_partition.current.dns_suffix}",
              "ec2.*.${data.aws_partition.current.dns_suffix}",
              "elasticfilesystem.*.${data.aws_partition.current.dns_suffix}",
              "fsx.*.${data.aws_partition.current.dns_suffix}",
              "rds.*.${data.aws_partition.current.dns_suffix}",
              "s3.*.${data.aws_partition.current.dns_suffix}",
              "storagegateway.*.${data.aws_partition.current.dns_suffix}"
            ]
          }
        }
      },
      {
        "Sid" : "PassRolesToServices",
        "Effect" : "Allow",
        "Action" : [
          "iam:PassRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/*",
        "Condition" : {
          "StringEquals" : {
            "iam:PassedToService" : [
              "backup.amazonaws.com",
              "ec2.amazonaws.com",
              "ec2.${data.aws_partition.current.dns_suffix}",
              "monitoring.rds.amazonaws.com",
              "rds.amazonaws.com"
            ]
          }
        }
      },
      {
        "Sid" : "Work",
        "Effect" : "Allow",
        "Action" : [
          "backup-storage:MountCapsule",
          "backup:CopyFromBackupVault",
          "backup:CopyIntoBackupVault",
          "backup:CreateBackupVault",
          "backup:DescribeBackupVault",
          "backup:StartCopyJob",
          "backup:TagResource",
          "ec2:CopyImage",
          "ec2:CopySnapshot",
          "ec2:CreateTags",
          "ec2:DescribeImages",
          "ec2:DescribeSnapshots",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "fsx:CopyBackup",
          "fsx:TagResource",
          "rds:AddTagsToResource",
          "rds:CopyDBClusterSnapshot",
          "rds:CopyDBSnapshot",
          "rds:DescribeDBClusterSnapshots",
          "rds:DescribeDBSnapshots",
          "rds:ListTagsForResource",
          "rds:ModifyDBClusterSnapshotAttribute",
          "rds:ModifyDBSnapshotAttribute"
        ],
        "Resource" : "*"
      }
    ]
  })
}

resource "aws_iam_role" "restore" {
  name        = "${var.role_prefix}-restore"
  description = "Holdfast: restore"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "HoldfastMayAssume",
        "Effect" : "Allow",
        "Principal" : {
          "AWS" : "${var.hub_role_arn}"
        },
        "Action" : [
          "sts:AssumeRole"
        ],
        "Condition" : {
          "StringEquals" : {
            "sts:ExternalId" : [
              "${var.external_id}"
            ]
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "restore" {
  name = "holdfast-restore"
  role = aws_iam_role.restore.id
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "GrantKeysToServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:CreateGrant"
        ],
        "Resource" : "*",
        "Condition" : {
          "Bool" : {
            "kms:GrantIsForAWSResource" : [
              "true"
            ]
          }
        }
      },
      {
        "Sid" : "AskAboutKeys",
        "Effect" : "Allow",
        "Action" : [
          "kms:DescribeKey"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "UseKeysThroughServices",
        "Effect" : "Allow",
        "Action" : [
          "kms:Decrypt",
          "kms:GenerateDataKey",
          "kms:GenerateDataKeyWithoutPlaintext",
          "kms:ReEncrypt*"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringLike" : {
            "kms:ViaService" : [
              "backup.*.${data.aws_partition.current.dns_suffix}",
              "dynamodb.*.${data.aws_partition.current.dns_suffix}",
              "ec2.*.${data.aws_partition.current.dns_suffix}",
              "elasticfilesystem.*.${data.aws_partition.current.dns_suffix}",
              "fsx.*.${data.aws_partition.current.dns_suffix}",
              "rds.*.${data.aws_partition.current.dns_suffix}",
              "s3.*.${data.aws_partition.current.dns_suffix}",
              "storagegateway.*.${data.aws_partition.current.dns_suffix}"
            ]
          }
        }
      },
      {
        "Sid" : "PassRolesToServices",
        "Effect" : "Allow",
        "Action" : [
          "iam:PassRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/*",
        "Condition" : {
          "StringEquals" : {
            "iam:PassedToService" : [
              "backup.amazonaws.com",
              "ec2.amazonaws.com",
              "ec2.${data.aws_partition.current.dns_suffix}",
              "monitoring.rds.amazonaws.com",
              "rds.amazonaws.com"
            ]
          }
        }
      },
      {
        "Sid" : "MakeServiceLinkedRoles",
        "Effect" : "Allow",
        "Action" : [
          "iam:CreateServiceLinkedRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/*",
        "Condition" : {
          "StringEquals" : {
            "iam:AWSServiceName" : [
              "backup.amazonaws.com",
              "fsx.amazonaws.com"
            ]
          }
        }
      },
      {
        "Sid" : "Work",
        "Effect" : "Allow",
        "Action" : [
          "backup-gateway:TagResource",
          "backup:DescribeRestoreJob",
          "backup:GetRecoveryPointRestoreMetadata",
          "backup:StartRestoreJob",
          "ds:AuthorizeApplication",
          "ds:DescribeDirectories",
          "ds:UnauthorizeApplication",
          "dynamodb:BatchWriteItem",
          "dynamodb:DeleteItem",
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
          "dynamodb:GetItem",
          "dynamodb:ListTagsOfResource",
          "dynamodb:PutItem",
          "dynamodb:Query",
          "dynamodb:RestoreTableFromBackup",
          "dynamodb:RestoreTableToPointInTime",
          "dynamodb:Scan",
          "dynamodb:TagResource",
          "dynamodb:UpdateContinuousBackups",
          "dynamodb:UpdateItem",
          "dynamodb:UpdateTable",
          "dynamodb:UpdateTimeToLive",
          "ec2:AttachVolume",
          "ec2:CreateNetworkInterface",
          "ec2:CreateReplaceRootVolumeTask",
          "ec2:CreateTags",
          "ec2:CreateVolume",
          "ec2:DescribeAccountAttributes",
          "ec2:DescribeImages",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSnapshotTierStatus",
          "ec2:DescribeSubnets",
          "ec2:DescribeVolumes",
          "ec2:DescribeVpcs",
          "ec2:RestoreSnapshotTier",
          "ec2:RunInstances",
          "elasticfilesystem:CreateMountTarget",
          "elasticfilesystem:PutLifecycleConfiguration",
          "elasticfilesystem:TagResource",
          "fsx:CreateFileSystemFromBackup",
          "fsx:TagResource",
          "rds:AddTagsToResource",
          "rds:CreateDBInstance",
          "rds:DescribeDBClusters",
          "rds:DescribeDBInstances",
          "rds:ListTagsForResource",
          "rds:ModifyDBCluster",
          "rds:ModifyDBInstance",
          "rds:RestoreDBClusterFromSnapshot",
          "rds:RestoreDBClusterToPointInTime",
          "rds:RestoreDBInstanceFromDBSnapshot",
          "rds:RestoreDBInstanceToPointInTime",
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "storagegateway:AddTagsToResource",
          "storagegateway:CreateCachediSCSIVolume",
          "storagegateway:CreateStorediSCSIVolume",
          "storagegateway:ListTagsForResource",
          "storagegateway:ListVolumes"
        ],
        "Resource" : "*"
      }
    ]
  })
}

resource "aws_iam_role" "expire" {
  name        = "${var.role_prefix}-expire"
  description = "Holdfast: expire"
  assume_role_policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "HoldfastMayAssume",
        "Effect" : "Allow",
        "Principal" : {
          "AWS" : "${var.hub_role_arn}"
        },
        "Action" : [
          "sts:AssumeRole"
        ],
        "Condition" : {
          "StringEquals" : {
            "sts:ExternalId" : [
              "${var.external_id}"
            ]
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "expire" {
  name = "holdfast-expire"
  role = aws_iam_role.expire.id
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "DeleteWhatIsOurs",
        "Effect" : "Allow",
        "Action" : [
          "ec2:DeleteSnapshot",
          "ec2:DeregisterImage",
          "fsx:DeleteBackup",
          "rds:DeleteDBClusterSnapshot",
          "rds:DeleteDBSnapshot"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringEquals" : {
            "aws:ResourceTag/holdfast:installation" : [
              "${var.installation}"
            ]
          }
        }
      },
      {
        "Sid" : "MakeServiceLinkedRoles",
        "Effect" : "Allow",
        "Action" : [
          "iam:CreateServiceLinkedRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/aws-service-role/*",
        "Condition" : {
          "StringEquals" : {
            "iam:AWSServiceName" : [
              "backup.amazonaws.com",
              "fsx.amazonaws.com"
            ]
          }
        }
      },
      {
        "Sid" : "Work",
        "Effect" : "Allow",
        "Action" : [
          "backup:DeleteRecoveryPoint",
          "backup:DescribeRecoveryPoint",
          "backup:ListTags",
          "backup:UpdateRecoveryPointLifecycle",
          "dynamodb:DeleteBackup",
          "dynamodb:DescribeBackup",
          "ec2:DescribeImages",
          "ec2:DescribeSnapshotTierStatus",
          "ec2:DescribeSnapshots",
          "ec2:DescribeTags",
          "ec2:ModifySnapshotTier",
          "fsx:DescribeBackups",
          "rds:DescribeDBClusterSnapshots",
          "rds:DescribeDBSnapshots",
          "rds:ListTagsForResource"
        ],
        "Resource" : "*"
      }
    ]
  })
}

output "hub_policy" {
  description = "policy of the role Holdfast runs with"
  value = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Sid" : "AssumeRoles",
        "Effect" : "Allow",
        "Action" : [
          "sts:AssumeRole"
        ],
        "Resource" : "arn:${data.aws_partition.current.partition}:iam::*:role/${var.role_prefix}-*"
      },
      {
        "Sid" : "SeeTheOrganization",
        "Effect" : "Allow",
        "Action" : [
          "organizations:DescribeEffectivePolicy",
          "organizations:DescribeOrganization",
          "organizations:DescribePolicy",
          "organizations:ListAccounts",
          "organizations:ListAccountsForParent",
          "organizations:ListOrganizationalUnitsForParent",
          "organizations:ListParents",
          "organizations:ListPoliciesForTarget",
          "organizations:ListRoots"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "TellAboutJobs",
        "Effect" : "Allow",
        "Action" : [
          "events:PutEvents",
          "sns:Publish"
        ],
        "Resource" : [
          "arn:${data.aws_partition.current.partition}:sns:*:*:${var.role_prefix}-*",
          "arn:${data.aws_partition.current.partition}:events:*:*:event-bus/*"
        ]
      },
      {
        "Sid" : "CountJobs",
        "Effect" : "Allow",
        "Action" : [
          "cloudwatch:PutMetricData"
        ],
        "Resource" : "*"
      },
      {
        "Sid" : "ReadItsSecrets",
        "Effect" : "Allow",
        "Action" : [
          "secretsmanager:GetSecretValue",
          "ssm:GetParameter"
        ],
        "Resource" : [
          "arn:${data.aws_partition.current.partition}:secretsmanager:*:*:secret:${var.role_prefix}/*",
          "arn:${data.aws_partition.current.partition}:ssm:*:*:parameter/${var.role_prefix}/*"
        ]
      }
    ]
  })
}

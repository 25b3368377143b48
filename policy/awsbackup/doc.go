// Package awsbackup reads and writes plans and selections of AWS Backup in the shape of
// its API, wrapped as in requests and answers or bare. It is pure.
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupPlanInput.html
// and https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
package awsbackup

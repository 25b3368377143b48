// Package vmware protects VMware virtual machines that AWS Backup gateway has connected.
// AWS Backup makes, copies, restores and deletes their backups (driver/awsbackup), and this
// package knows how machines are listed and what a restore takes.
//
// Quirks worth knowing:
//   - A restore makes a new machine on a hypervisor, an EC2 instance or an EBS volume, and
//     never overwrites one.
//   - Host, path and hypervisor come with the listing; datastore and compute resource are
//     known to the recovery point alone, so a restore takes them from there.
//   - A machine restored to VMware is marked with tags. Instances and volumes carry none.
//   - The gateway runs four jobs at once; more wait in AWS Backup.
//
// https://docs.aws.amazon.com/aws-backup/latest/devguide/vm-backups.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-vm.html
package vmware

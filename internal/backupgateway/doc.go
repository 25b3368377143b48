// Package backupgateway is a small client of AWS Backup gateway, for which the SDK's module
// is not at hand. It speaks the service's protocol, AWS JSON 1.0, on the SDK's own
// middleware stack: credentials, signing, retries and whatever a session hooks in work as
// for any other client.
//
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations_AWS_Backup_Gateway.html
package backupgateway

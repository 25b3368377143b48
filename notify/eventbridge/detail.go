package eventbridge

import (
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/config"
	"holdfast/driver"
	"holdfast/notify"
)

// AWS Backup's detail types, and ours for what it does not have.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
const (
	BackupJob     = "Backup Job State Change"
	CopyJob       = "Copy Job State Change"
	RestoreJob    = "Restore Job State Change"
	RecoveryPoint = "Recovery Point State Change"
	Breaker       = "Account Breaker State Change"
	Risk          = "Backup Risk State Change"
)

// Detail returns the detail type and the detail of e. Fields of AWS Backup keep their
// names and types; those that begin with holdfast are ours.
func Detail(installation string, e notify.Event) (detailType string, detail map[string]any) {
	detail = map[string]any{"holdfastInstallation": installation}
	if e.Type == config.EventsJob && e.Job != nil {
		return jobDetail(detail, e, *e.Job)
	}
	detail["state"], detail["accountId"], detail["statusMessage"] = e.State, e.Account, e.Message
	if e.Type == config.EventsRisk {
		detail["holdfastRisk"], detail["holdfastPlan"], detail["holdfastRule"], detail["holdfastCount"] = e.Risk, e.Plan, e.Rule, e.Count
		return Risk, detail
	}
	return Breaker, detail
}

func jobDetail(detail map[string]any, e notify.Event, j catalog.Job) (string, map[string]any) {
	set := func(name, value string) {
		if value != "" {
			detail[name] = value
		}
	}
	set("resourceArn", j.ResourceARN)
	set("resourceType", j.Kind.AWSBackupType())
	set("creationDate", instant(j.CreatedAt))
	set("startBy", instant(j.StartBy))
	set("statusMessage", e.Message)
	set("accountId", j.Account)
	set("holdfastClass", string(e.Class))
	set("holdfastPlan", j.Plan)
	set("holdfastRule", j.Rule)
	set("holdfastChain", j.ChainID)
	if catalog.State(e.State).Terminal() {
		detail["completionDate"] = instant(e.At)
	}
	progress := func() {
		if j.Progress >= 0 {
			detail["percentDone"] = j.Progress
		}
	}
	vault := vaultARN(j)
	switch j.Type {
	case driver.Copy:
		detail["copyJobId"], detail["state"] = j.ID, e.State
		set("destinationBackupVaultArn", vault)
		return CopyJob, detail
	case driver.Restore:
		// AWS Backup says status here, and PENDING before it begins.
		detail["restoreJobId"], detail["status"] = j.ID, restoreStatus(e.State)
		set("sourceResourceArn", j.ResourceARN)
		progress()
		return RestoreJob, detail
	case driver.Expire, driver.Archive:
		detail["status"] = pointStatus(j.Type, e.State)
		detail["holdfastJobId"], detail["holdfastPointId"] = j.ID, j.PointID
		return RecoveryPoint, detail
	default:
		detail["backupJobId"], detail["state"] = j.ID, e.State
		set("backupVaultName", j.Spec.Vault)
		set("backupVaultArn", vault)
		progress()
		return BackupJob, detail
	}
}

func restoreStatus(state string) string {
	if state == string(catalog.Created) {
		return "PENDING"
	}
	return state
}

// pointStatus is what a job's state means for the point it changes; EXPIRED is AWS Backup's
// word for one that should be gone and could not be deleted, MODIFIED for one whose lifecycle
// took effect. DELETED is ours: AWS Backup sends nothing when a point is gone.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
func pointStatus(op driver.Operation, state string) string {
	switch {
	case op == driver.Archive && state == string(catalog.Completed):
		return "MODIFIED"
	case op == driver.Archive:
		return "AVAILABLE"
	}
	switch catalog.State(state) {
	case catalog.Completed:
		return "DELETED"
	case catalog.Failed, catalog.Aborted, catalog.Expired:
		return "EXPIRED"
	default:
		return "DELETING"
	}
}

func vaultARN(j catalog.Job) string {
	if j.Spec.Vault == "" {
		return ""
	}
	return fmt.Sprintf("arn:%s:backup:%s:%s:backup-vault:%s", j.Partition, j.Region, j.Account, j.Spec.Vault)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

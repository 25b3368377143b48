package fsxbackup

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// parameters lists what a restore takes. The capacity is the backup's and cannot be chosen.
func (d *Driver) parameters() []driver.Parameter {
	return slices.Concat([]driver.Parameter{
		{Name: "subnet_ids", Recorded: true, Required: true, Description: "ids of the subnets, comma-separated, which decide the VPC"},
		{Name: "security_groups", Recorded: true, Description: "ids of security groups, comma-separated; else the VPC's default"},
		{Name: "kms_key_id", Recorded: true, Description: "the key that encrypts the file system; else the account's own key for FSx"},
		{Name: "storage_type", Recorded: true, Description: "SSD, HDD or INTELLIGENT_TIERING, as the backup's"},
		{Name: "weekly_maintenance", Recorded: true, Description: "when it is maintained, d:HH:MM in UTC, 1 is Monday"},
		{Name: "automatic_backup_days", Recorded: true, Description: "days FSx keeps automatic backups, 0 for none, at most 90"},
		{Name: "automatic_backup_time", Recorded: true, Description: "when FSx makes them, HH:MM in UTC"},
		{Name: "copy_tags_to_backups", Recorded: true, Description: "true to copy tags to its backups"},
	}, d.kind.Parameters)
}

// Recorded values of these name something of the source's own region and account.
var localGroups, localOthers = []string{"subnet_ids", "security_groups"}, []string{"kms_key_id"}

// record returns the values of a restore's parameters that a file system has.
func (d *Driver) record(f *types.FileSystem, groups map[string][]string) map[string]string {
	values := d.kind.Record(f)
	maps.Copy(values, map[string]string{
		"subnet_ids": strings.Join(f.SubnetIds, ","), "kms_key_id": aws.ToString(f.KmsKeyId), "storage_type": string(f.StorageType),
	})
	if len(f.NetworkInterfaceIds) > 0 {
		values["security_groups"] = strings.Join(groups[f.NetworkInterfaceIds[0]], ",")
	}
	maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	return values
}

// Number returns a recorded number, "" where AWS gives none.
func Number[N int32 | int64](n *N) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

// Flag returns a recorded boolean, "" where AWS gives none.
func Flag(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

// recorded returns the values that were recorded of the file system.
func recorded(r resource.Resource) (map[string]string, error) {
	var settings Settings
	if len(r.Settings) > 0 {
		if err := json.Unmarshal(r.Settings, &settings); err != nil {
			return nil, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", r.ARN, err)
		}
	}
	return settings.Parameters, nil
}

// inputOf decides the one call of a restore and notes everything wrong with the values.
func (d *Driver) inputOf(req driver.RestoreRequest, values *parameters.Values) *fsx.CreateFileSystemFromBackupInput {
	if req.Scope.Region != req.Resource.Region || req.Scope.Account != req.Resource.Account {
		values.DropLocal(slices.Concat(localGroups, d.kind.LocalGroups), slices.Concat(localOthers, d.kind.LocalOthers))
	}
	values.OneOf("storage_type", "SSD", "HDD", "INTELLIGENT_TIERING")
	if days := values.Int32("automatic_backup_days", 0); days != nil && *days == 0 {
		values.Drop("automatic_backup_time") // FSx refuses a time for backups it does not make
	}
	in := &fsx.CreateFileSystemFromBackupInput{
		BackupId: aws.String(string(req.Point.Ref)), ClientRequestToken: aws.String(req.Mark.Token()),
		SubnetIds: values.List("subnet_ids"), SecurityGroupIds: values.List("security_groups"),
		KmsKeyId: values.String("kms_key_id"), StorageType: types.StorageType(values.Text("storage_type")),
		Tags: toTags(restoredTags(req)),
	}
	d.kind.Configure(values, in)
	return in
}

func restoredTags(req driver.RestoreRequest) map[string]string {
	return marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))
}

// input is inputOf, or reports everything wrong with it.
func (d *Driver) input(req driver.RestoreRequest) (*fsx.CreateFileSystemFromBackupInput, *parameters.Values, error) {
	was, err := recorded(req.Resource)
	if err != nil {
		return nil, nil, err
	}
	values := parameters.Resolve(d.Descriptor(), was, req.Overrides)
	in := d.inputOf(req, values)
	return in, values, values.Err()
}

// PlanRestore plans the one call of a restore.
func (d *Driver) PlanRestore(req driver.RestoreRequest) (driver.RestorePlan, error) {
	in, values, err := d.input(req)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	call, err := parameters.Call("fsx:CreateFileSystemFromBackup", in)
	if err != nil {
		return driver.RestorePlan{}, err
	}
	return values.Plan(call)
}

// Restore creates a file system from the backup. The call takes the mark's token, so a
// repeated one returns the file system of the first.
func (d *Driver) Restore(ctx context.Context, req driver.RestoreRequest) (driver.Ref, error) {
	in, _, err := d.input(req)
	if err != nil {
		return "", err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return "", err
	}
	out, err := client.CreateFileSystemFromBackup(ctx, in)
	if err != nil {
		return "", wrap("CreateFileSystemFromBackup", err)
	}
	if out.FileSystem == nil || aws.ToString(out.FileSystem.FileSystemId) == "" {
		return "", failure.Errorf(failure.Internal, "fsx:CreateFileSystemFromBackup answered without a file system")
	}
	return driver.Ref(*out.FileSystem.FileSystemId), nil
}

// FinishRestore has nothing to do: the one call sets everything, tags included.
func (*Driver) FinishRestore(context.Context, driver.RestoreRequest, driver.Ref) error { return nil }

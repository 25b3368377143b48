package dynamodb

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/driver"
	"holdfast/driver/internal/marktags"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// finish is what a restored table still needs; nil fields need nothing.
type finish struct {
	tags       map[string]string
	ttl        *dynamodb.UpdateTimeToLiveInput
	pitr       *dynamodb.UpdateContinuousBackupsInput
	stream     *dynamodb.UpdateTableInput
	class      *dynamodb.UpdateTableInput
	protection *dynamodb.UpdateTableInput
}

func newFinish(req driver.RestoreRequest, v *parameters.Values) finish {
	name := v.String("table_name")
	f := finish{tags: marktags.For(req.Mark, marktags.Inherited(req.Resource.Tags))}
	if attribute := v.Text("ttl_attribute"); attribute != "" && attribute != none {
		f.ttl = &dynamodb.UpdateTimeToLiveInput{TableName: name, TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(attribute), Enabled: aws.Bool(true),
		}}
	}
	days := v.Int32("point_in_time_days", 1)
	if on := v.Bool("point_in_time"); on != nil && *on {
		f.pitr = &dynamodb.UpdateContinuousBackupsInput{
			TableName: name, PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{
				PointInTimeRecoveryEnabled: aws.Bool(true), RecoveryPeriodInDays: days,
			},
		}
	}
	if view := v.Text("stream_view"); view != "" && view != none {
		f.stream = &dynamodb.UpdateTableInput{TableName: name, StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(view),
		}}
	}
	if class := types.TableClass(v.Text("table_class")); class != "" && class != types.TableClassStandard {
		f.class = &dynamodb.UpdateTableInput{TableName: name, TableClass: class}
	}
	if on := v.Bool("deletion_protection"); on != nil && *on {
		f.protection = &dynamodb.UpdateTableInput{TableName: name, DeletionProtectionEnabled: on}
	}
	return f
}

// inputs lists the calls for a plan, in the order FinishRestore makes them.
func (f finish) inputs() []input {
	all := []input{{"TagResource", &dynamodb.TagResourceInput{Tags: toTags(f.tags)}}}
	if f.ttl != nil {
		all = append(all, input{"UpdateTimeToLive", f.ttl})
	}
	if f.pitr != nil {
		all = append(all, input{"UpdateContinuousBackups", f.pitr})
	}
	for _, update := range []*dynamodb.UpdateTableInput{f.stream, f.class, f.protection} {
		if update != nil {
			all = append(all, input{"UpdateTable", update})
		}
	}
	return all
}

// FinishRestore applies what RestoreTableFromBackup cannot: tags first, so that the mark
// is there as early as can be, then TTL, point-in-time recovery, stream, table class and
// deletion protection. It looks before it acts, so it can be called again; it is busy
// while the table is.
func (d *Driver) FinishRestore(ctx context.Context, req driver.RestoreRequest, ref driver.Ref) error {
	values, err := d.resolve(req)
	if err != nil {
		return err
	}
	want := newFinish(req, values)
	if err := values.Err(); err != nil {
		return err
	}
	client, err := d.clients.Get(ctx, req.Scope, resource.ForRestore)
	if err != nil {
		return err
	}
	table, err := describeTable(ctx, client, string(ref))
	if err != nil {
		return err
	}
	if table.TableStatus != types.TableStatusActive {
		return failure.Errorf(failure.Busy, "table %s is %s", ref, table.TableStatus)
	}
	return want.apply(ctx, client, table)
}

func (f finish) apply(ctx context.Context, client api, table *types.TableDescription) error {
	if err := f.applyTags(ctx, client, table); err != nil {
		return err
	}
	if err := f.applyTTL(ctx, client, table); err != nil {
		return err
	}
	if err := f.applyPointInTime(ctx, client, table); err != nil {
		return err
	}
	return f.applyUpdates(ctx, client, table)
}

func (f finish) applyTags(ctx context.Context, client api, table *types.TableDescription) error {
	arn := aws.ToString(table.TableArn)
	has, err := tagsOf(ctx, client, arn)
	if err != nil {
		return err
	}
	missing := map[string]string{}
	for key, value := range f.tags {
		if current, ok := has[key]; !ok || current != value {
			missing[key] = value
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = client.TagResource(ctx, &dynamodb.TagResourceInput{ResourceArn: aws.String(arn), Tags: toTags(missing)})
	return wrap("TagResource", err)
}

func (f finish) applyTTL(ctx context.Context, client api, table *types.TableDescription) error {
	if f.ttl == nil {
		return nil
	}
	has, err := ttlAttribute(ctx, client, aws.ToString(table.TableName))
	if err != nil || has != "" {
		return err
	}
	_, err = client.UpdateTimeToLive(ctx, f.ttl)
	return wrap("UpdateTimeToLive", err)
}

func (f finish) applyPointInTime(ctx context.Context, client api, table *types.TableDescription) error {
	if f.pitr == nil {
		return nil
	}
	on, _, err := pointInTime(ctx, client, aws.ToString(table.TableName))
	if err != nil || on {
		return err
	}
	_, err = client.UpdateContinuousBackups(ctx, f.pitr)
	return wrap("UpdateContinuousBackups", err)
}

// applyUpdates makes one UpdateTable and is then busy if another is due: a table takes
// one change at a time.
func (f finish) applyUpdates(ctx context.Context, client api, table *types.TableDescription) error {
	is := settingsOf(table)
	var due []*dynamodb.UpdateTableInput
	if f.stream != nil && is.StreamView == "" {
		due = append(due, f.stream)
	}
	if f.class != nil && is.TableClass != string(f.class.TableClass) {
		due = append(due, f.class)
	}
	if f.protection != nil && !is.DeletionProtection {
		due = append(due, f.protection)
	}
	if len(due) == 0 {
		return nil
	}
	if _, err := client.UpdateTable(ctx, due[0]); err != nil {
		return wrap("UpdateTable", err)
	}
	if len(due) > 1 {
		return failure.Errorf(failure.Busy, "table %s has %d more settings to change", aws.ToString(table.TableName), len(due)-1)
	}
	return nil
}

func toTags(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

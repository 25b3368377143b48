package dynamodb

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"holdfast/sim/internal/cloud"
)

const (
	maxTablePage = 100
	maxTags      = 50
)

type table struct {
	name     string
	place    cloud.Place
	data     types.TableDescription // without what changes by itself
	tags     map[string]string
	ttl      string // attribute, empty when off
	pitr     bool
	creating cloud.Progress
	updating time.Time // until when
	source   *backup   // what it was restored from; without an ARN: a moment
	job      string    // of AWS Backup that restored it, "" for others
	deleted  time.Time
}

// Create puts a table into the organization.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	suffix := c.NewID("", 8)
	name := cmp.Or(b.Name, "table-"+suffix)
	if _, taken := s.get(c, name); taken || !nameOK.MatchString(name) {
		return "", validation("create table: the name %q is taken or not valid", name)
	}
	t := &table{name: name, place: c.Place, tags: maps.Clone(b.Tags), pitr: suffix[0] > '7' || b.Continuous, data: newDescription(c, name)}
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	if suffix[1] > '7' {
		t.ttl = "expires_at"
	}
	size := int64(cmp.Or(b.SizeGiB, 1)) << 30
	t.data.TableSizeBytes, t.data.ItemCount = &size, aws.Int64(size/400)
	if b.Encrypted {
		t.data.SSEDescription = &types.SSEDescription{
			Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: aws.String(c.ARN("kms", "key/aws-dynamodb")),
		}
	}
	t.data.CreationDateTime = aws.Time(c.Now.AddDate(0, -4, 0))
	s.tables.Put(c.Place, name, t)
	return *t.data.TableArn, nil
}

// newDescription is a table with one string key, paid per request.
func newDescription(c *cloud.Call, name string) types.TableDescription {
	return types.TableDescription{
		TableName: &name, TableArn: aws.String(c.ARN("dynamodb", "table/"+name)), TableId: aws.String(c.NewID("", 32)),
		AttributeDefinitions:      []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:                 []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		BillingModeSummary:        &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest},
		ProvisionedThroughput:     &types.ProvisionedThroughputDescription{ReadCapacityUnits: aws.Int64(0), WriteCapacityUnits: aws.Int64(0)},
		DeletionProtectionEnabled: aws.Bool(false), CreationDateTime: aws.Time(c.Now),
	}
}

var nameOK = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)

func (t *table) status(now time.Time) types.TableStatus {
	switch {
	case t.creating.Running(now):
		return types.TableStatusCreating
	case now.Before(t.updating):
		return types.TableStatusUpdating
	default:
		return types.TableStatusActive
	}
}

func (t *table) describe(now time.Time) *types.TableDescription {
	out := t.data
	out.TableStatus = t.status(now)
	if t.source != nil {
		out.RestoreSummary = &types.RestoreSummary{
			SourceTableArn: t.source.of.TableArn, RestoreDateTime: aws.Time(t.source.progress.Start),
			RestoreInProgress: aws.Bool(t.creating.Running(now)),
		}
		if t.source.arn != "" {
			out.RestoreSummary.SourceBackupArn = aws.String(t.source.arn)
		}
	}
	return &out
}

func (s *Service) listTables(c *cloud.Call, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	limit := maxTablePage
	if in.Limit != nil {
		limit = int(*in.Limit)
	}
	if limit < 1 || limit > maxTablePage {
		return nil, validation("Limit must be between 1 and %d", maxTablePage)
	}
	after := aws.ToString(in.ExclusiveStartTableName)
	out := &dynamodb.ListTablesOutput{}
	for _, t := range s.present(c) {
		if t.name <= after || !c.Visible(*t.data.CreationDateTime) {
			continue
		}
		if len(out.TableNames) == limit {
			out.LastEvaluatedTableName = aws.String(out.TableNames[limit-1])
			break
		}
		out.TableNames = append(out.TableNames, t.name)
	}
	return out, nil
}

// get returns a table that exists. A restore that failed leaves none behind.
func (s *Service) get(c *cloud.Call, name string) (*table, bool) {
	t, ok := s.tables.Get(c.Place, name)
	if ok && t.creating.Failed(c.Now) {
		s.dropTable(c, t)
		t.deleted = t.creating.End
		return nil, false
	}
	return t, ok
}

// present returns the tables of the call's place that exist, ordered by name.
func (s *Service) present(c *cloud.Call) []*table {
	return slices.DeleteFunc(s.tables.In(c.Place), func(t *table) bool { return t.creating.Failed(c.Now) })
}

// find returns a table by name or ARN, or the error most operations give without it.
func (s *Service) find(c *cloud.Call, given *string) (*table, error) {
	t, ok := s.get(c, tableName(given))
	if !ok {
		return nil, noTable(tableName(given))
	}
	return t, nil
}

// active is find for operations that change a table.
func (s *Service) active(c *cloud.Call, given *string) (*table, error) {
	t, err := s.find(c, given)
	if err != nil {
		return nil, err
	}
	if state := t.status(c.Now); state != types.TableStatusActive {
		return nil, &types.ResourceInUseException{Message: aws.String("Attempt to change a resource which is still in use: Table is " + string(state) + ": " + t.name)}
	}
	return t, nil
}

func (s *Service) describeTable(c *cloud.Call, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	t, err := s.find(c, in.TableName)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableOutput{Table: t.describe(c.Now)}, nil
}

func (s *Service) dropTable(c *cloud.Call, t *table) {
	c.Cancel(&t.creating)
	t.deleted = c.Now
	s.tables.Delete(c.Place, t.name)
	if t.source != nil {
		s.removed = append(s.removed, t)
	}
}

func (s *Service) deleteTable(c *cloud.Call, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	t, err := s.active(c, in.TableName)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(t.data.DeletionProtectionEnabled) {
		return nil, validation("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	s.dropTable(c, t)
	out := t.describe(c.Now)
	out.TableStatus = types.TableStatusDeleting
	return &dynamodb.DeleteTableOutput{TableDescription: out}, nil
}

func (s *Service) listTags(c *cloud.Call, in *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error) {
	t, err := s.find(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ListTagsOfResourceOutput{}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(t.tags[key])})
	}
	return out, nil
}

func (s *Service) tagResource(c *cloud.Call, in *dynamodb.TagResourceInput) (*dynamodb.TagResourceOutput, error) {
	t, err := s.find(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(t.tags)
	for _, tag := range in.Tags {
		key, value := aws.ToString(tag.Key), aws.ToString(tag.Value)
		if key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256 {
			return nil, validation("the tag key %q or its value has an invalid length", key)
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return nil, &types.LimitExceededException{Message: aws.String("Too many tags.")}
	}
	t.tags = tags
	return &dynamodb.TagResourceOutput{}, nil
}

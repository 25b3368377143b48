package dynamodb

import (
	"strconv"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/resource"
)

// The values of the parameter encryption.
const (
	awsOwned   = "aws_owned"
	awsManaged = "aws_managed"
	customer   = "customer"
)

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "table_name", Description: "the new table's name; else the source's with -restored- and six characters"},
		{Name: "billing_mode", Description: "PAY_PER_REQUEST or PROVISIONED; else as backed up"},
		{Name: "read_capacity", Description: "provisioned read units; else as backed up"},
		{Name: "write_capacity", Description: "provisioned write units; else as backed up"},
		{Name: "encryption", Description: "aws_owned, aws_managed or customer (with kms_key_id); else as backed up"},
		{Name: "kms_key_id", Description: "the customer key to encrypt with"},
		{Name: "ttl_attribute", Recorded: true, Description: "the attribute items expire by, none for no expiry"},
		{Name: "stream_view", Recorded: true, Description: "what the stream shows: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or none"},
		{Name: "point_in_time", Recorded: true, Description: "true for point-in-time recovery"},
		{Name: "point_in_time_days", Recorded: true, Description: "days point-in-time recovery goes back, 1 to 35"},
		{Name: "deletion_protection", Recorded: true, Description: "true to refuse deletion"},
		{Name: "table_class", Recorded: true, Description: "STANDARD or STANDARD_INFREQUENT_ACCESS"},
	}
}

// none switches a recorded setting off.
const none = "none"

// resolve merges recorded settings and overrides and checks that they go together.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, error) {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil, err
	}
	values := parameters.Resolve(d.Descriptor(), settings.recorded(), req.Overrides)
	fit(req, settings, values)
	if !req.At.IsZero() {
		values.Moment(req, settings.momentDays())
	}
	return values, nil
}

// fit names the table and notes what does not go together.
func fit(req driver.RestoreRequest, settings Settings, values *parameters.Values) {
	if name, err := tableName(req.Resource); err == nil {
		values.Default("table_name", defaultName(name, req.Mark))
	} else if !values.Given("table_name") {
		values.Problem("table_name is missing: the source's is not recorded")
	}
	values.OneOf("billing_mode", "PAY_PER_REQUEST", "PROVISIONED")
	values.OneOf("stream_view", "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", none)
	values.OneOf("table_class", "STANDARD", "STANDARD_INFREQUENT_ACCESS")
	checkThroughput(values)
	checkEncryption(req, settings, values)
}

func checkThroughput(values *parameters.Values) {
	read, write := values.Text("read_capacity") != "", values.Text("write_capacity") != ""
	switch {
	case read != write:
		values.Problem("read_capacity and write_capacity go together: one is missing")
	case read && values.Text("billing_mode") == "PAY_PER_REQUEST":
		values.Problem("read_capacity and write_capacity do not go with billing_mode PAY_PER_REQUEST")
	case !read && values.Text("billing_mode") == "PROVISIONED":
		values.Problem("read_capacity and write_capacity are missing: billing_mode PROVISIONED needs them")
	}
}

// checkEncryption fills in the encryption, which must be said when the table is made in
// another region, where the source's key is of no use.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html
func checkEncryption(req driver.RestoreRequest, settings Settings, values *parameters.Values) {
	values.OneOf("encryption", awsOwned, awsManaged, customer)
	key, encryption := values.Text("kms_key_id"), values.Text("encryption")
	switch {
	case key != "" && encryption == "":
		values.Default("encryption", customer)
	case key != "" && encryption != customer:
		values.Problem("kms_key_id does not go with encryption %s", encryption)
	case key == "" && encryption == customer:
		values.Problem("kms_key_id is missing: encryption customer needs it")
	case encryption != "" || req.Scope.Region == req.Resource.Region:
	case settings.KMSKeyARN == "":
		values.Default("encryption", awsOwned)
	default:
		values.Problem("kms_key_id is missing: the recorded key %s is of no use in %s (or set encryption)",
			settings.KMSKeyARN, req.Scope.Region)
	}
}

// maxMomentDays is how many days back point-in-time recovery reaches unless told otherwise.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
const maxMomentDays = 35

// momentDays is how many days back moments of the table can be restored, 0 for none.
func (s Settings) momentDays() int32 {
	switch {
	case !s.PointInTime:
		return 0
	case s.PointInTimeDays > 0:
		return s.PointInTimeDays
	}
	return maxMomentDays
}

// maxNameChar is the longest table name.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const maxNameChar = 255

// defaultName is a function of source and mark, so that a second attempt asks for the
// same table.
func defaultName(source string, mark driver.Mark) string {
	suffix := "-restored-" + mark.Token()[3:9]
	return source[:min(len(source), maxNameChar-len(suffix))] + suffix
}

// recorded turns settings into parameters: only what a new table lacks.
func (s Settings) recorded() map[string]string {
	values := map[string]string{
		"ttl_attribute": s.TTLAttribute, "stream_view": s.StreamView, "table_class": s.TableClass,
	}
	if s.PointInTime {
		values["point_in_time"] = "true"
		if s.PointInTimeDays > 0 {
			values["point_in_time_days"] = strconv.Itoa(int(s.PointInTimeDays))
		}
	}
	if s.DeletionProtection {
		values["deletion_protection"] = "true"
	}
	return values
}

// MomentDays implements driver.Rewinder.
func (d *Driver) MomentDays(r resource.Resource) int {
	settings, err := readSettings(r)
	if err != nil {
		return 0 // a restore says why
	}
	return int(settings.momentDays())
}

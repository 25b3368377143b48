package ebs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
)

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "availability_zone", Recorded: true, Required: true,
			Description: "the zone of the new volume; the recorded one, except in another region"},
		{Name: "volume_type", Recorded: true, Description: "gp3, gp2, io2, io1, st1, sc1 or standard"},
		{Name: "size_gib", Recorded: true, Description: "size in GiB, not less than the snapshot's volume"},
		{Name: "iops", Recorded: true, Description: "I/O operations per second, for gp3, io1 and io2"},
		{Name: "throughput", Recorded: true, Description: "MiB per second, for gp3"},
		{Name: "multi_attach", Recorded: true, Description: "whether several instances may attach it, for io1 and io2"},
		{Name: "encrypted", Description: "true to encrypt what the snapshot has unencrypted"},
		{Name: "kms_key_id", Description: "the key to encrypt with; else the snapshot's own or the region's default"},
		{Name: "attach_instance_id", Description: "the instance to attach the volume to, in the volume's zone; none: it stays on its own"},
		{Name: "attach_device", Description: "with attach_instance_id: the device name, for example /dev/sdf"},
	}
}

// What the volume types can be told.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
var (
	volumeTypes     = []string{"gp3", "gp2", "io2", "io1", "st1", "sc1", "standard"}
	takeIOPS        = []string{"gp3", "io2", "io1"}
	needIOPS        = []string{"io2", "io1"}
	takeThroughput  = []string{"gp3"}
	takeMultiAttach = []string{"io2", "io1"}
)

// resolve merges the recorded settings and the overrides and checks that they go together.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, error) {
	var settings Settings
	if len(req.Resource.Settings) > 0 {
		if err := json.Unmarshal(req.Resource.Settings, &settings); err != nil {
			return nil, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", req.Resource.ARN, err)
		}
	}
	values := parameters.Resolve(d.Descriptor(), recorded(req, settings), req.Overrides)
	check(req, settings, values)
	return values, nil
}

// check notes what does not go together, and drops what was recorded and does not apply.
func check(req driver.RestoreRequest, settings Settings, values *parameters.Values) {
	values.OneOf("volume_type", volumeTypes...)
	onlyFor(values, "iops", takeIOPS)
	onlyFor(values, "throughput", takeThroughput)
	onlyFor(values, "multi_attach", takeMultiAttach)
	if kind := values.Text("volume_type"); slices.Contains(needIOPS, kind) && values.Text("iops") == "" {
		values.Problem("iops is missing: a volume of type %s needs it", kind)
	}
	if size := values.Int32("size_gib", 1); size != nil && *size < settings.SizeGiB {
		values.Problem("size_gib is %d: the snapshot's volume has %d", *size, settings.SizeGiB)
	}
	checkEncryption(req, values)
}

// recorded turns settings into parameters. A zone means nothing in another region, and
// the same name is another place in another account.
func recorded(req driver.RestoreRequest, s Settings) map[string]string {
	values := map[string]string{
		"availability_zone": s.AvailabilityZone, "volume_type": s.VolumeType,
		"size_gib": positive(s.SizeGiB), "iops": positive(s.IOPS), "throughput": positive(s.Throughput),
	}
	if s.MultiAttach {
		values["multi_attach"] = "true"
	}
	if req.Scope.Region != req.Resource.Region || req.Scope.Account != req.Resource.Account {
		delete(values, "availability_zone")
	}
	return values
}

// onlyFor drops a recorded value the volume type does not take (AWS reports gp2's own
// baseline as IOPS, say), and refuses one the user gave.
func onlyFor(values *parameters.Values, name string, types []string) {
	kind := values.Text("volume_type")
	if slices.Contains(types, kind) {
		return
	}
	if values.Given(name) && values.Text(name) != "false" {
		values.Problem("%s does not go with volume_type %q: only with %s", name, kind, strings.Join(types, ", "))
	}
	values.Drop(name)
}

// checkEncryption makes encrypted follow from kms_key_id and refuses to decrypt, which
// CreateVolume cannot do.
func checkEncryption(req driver.RestoreRequest, values *parameters.Values) {
	encrypted := values.Bool("encrypted")
	switch {
	case encrypted != nil && !*encrypted && req.Point.Encrypted:
		values.Problem("encrypted is false: the snapshot is encrypted and stays so")
	case encrypted != nil && !*encrypted && values.Text("kms_key_id") != "":
		values.Problem("encrypted is false, but kms_key_id is given")
	case values.Text("kms_key_id") != "":
		values.Default("encrypted", "true")
	}
}

func positive(n int32) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

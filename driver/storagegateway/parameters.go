package storagegateway

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"holdfast/driver"
	"holdfast/driver/internal/parameters"
	"holdfast/failure"
	"holdfast/resource"
)

// What a volume can be restored as.
const (
	asCached = "cached"
	asStored = "stored"
	asEBS    = "ebs-volume"
)

// onlyFor names the parameters that go with one way to restore each.
var onlyFor = map[string][]string{
	"gateway_arn": {asCached, asStored}, "network_interface": {asCached, asStored}, "target_name": {asCached, asStored},
	"disk_id": {asStored}, "availability_zone": {asEBS}, "volume_type": {asEBS}, "size_gib": {asCached, asEBS},
}

func restoreParameters() []driver.Parameter {
	return []driver.Parameter{
		{Name: "restore_as", Recorded: true, Required: true, Description: "cached or stored, a volume of a gateway of that type, or ebs-volume"},
		{Name: "gateway_arn", Recorded: true, Description: "the gateway that gets the volume"},
		{Name: "network_interface", Recorded: true, Description: "the gateway's IP address that offers the volume"},
		{Name: "target_name", Description: "the name of the iSCSI target; else the source's with -restored- and six characters"},
		{Name: "disk_id", Recorded: true, Description: "a free local disk of the gateway, for a stored volume"},
		{Name: "size_gib", Recorded: true, Description: "size in GiB, not less than the source's, for a cached or EBS volume"},
		{Name: "kms_key_id", Recorded: true, Description: "the key to encrypt with; else the snapshot's or the service's own"},
		{Name: "availability_zone", Description: "the zone of an EBS volume"},
		{Name: "volume_type", Description: "the type of an EBS volume; gp3 unless given"},
	}
}

// largestEBS is how large a cached volume may be to become an EBS volume, in GiB.
// Source: https://docs.aws.amazon.com/storagegateway/latest/vgw/resource-gateway-limits.html
const largestEBS = 16 << 10

// readSettings returns what Discover recorded of a volume.
func readSettings(r resource.Resource) (Settings, error) {
	var settings Settings
	if len(r.Settings) > 0 {
		if err := json.Unmarshal(r.Settings, &settings); err != nil {
			return Settings{}, failure.Errorf(failure.Internal, "read recorded settings of %s: %w", r.ARN, err)
		}
	}
	return settings, nil
}

// resolve merges the recorded settings and the overrides and checks that they go together.
func (d *Driver) resolve(req driver.RestoreRequest) (*parameters.Values, error) {
	settings, err := readSettings(req.Resource)
	if err != nil {
		return nil, err
	}
	values := parameters.Resolve(d.Descriptor(), settings.recorded(), req.Overrides)
	fit(req, settings, values)
	return values, nil
}

// fit drops what does not apply to the restore and notes what is wrong.
func fit(req driver.RestoreRequest, settings Settings, values *parameters.Values) {
	values.OneOf("restore_as", asCached, asStored, asEBS)
	as := values.Text("restore_as")
	for _, p := range restoreParameters() {
		ways, limited := onlyFor[p.Name]
		if !limited || slices.Contains(ways, as) {
			continue
		}
		if values.Given(p.Name) {
			values.Problem("%s does not go with restore_as %q: only with %s", p.Name, as, strings.Join(ways, ", "))
		}
		values.Drop(p.Name)
	}
	if req.Scope.Region != req.Resource.Region || req.Scope.Account != req.Resource.Account {
		values.DropLocal(nil, []string{"gateway_arn", "network_interface", "disk_id", "kms_key_id"})
	}
	if size := values.Int32("size_gib", 1); size != nil && int64(*size)<<30 < settings.SizeBytes {
		values.Problem("size_gib is %d: the snapshot's volume has %d", *size, settings.gib())
	}
	switch as {
	case asEBS:
		values.Default("volume_type", "gp3")
		checkEBS(settings, values)
	case asCached, asStored:
		values.Default("target_name", defaultTarget(settings, req))
		checkGateway(as, values)
	}
}

func (s Settings) recorded() map[string]string {
	if s.Type == "" {
		return nil
	}
	return map[string]string{
		"restore_as": strings.ToLower(s.Type), "gateway_arn": s.GatewayARN, "network_interface": s.NetworkInterface,
		"disk_id": s.DiskID, "size_gib": strconv.FormatInt(s.gib(), 10), "kms_key_id": s.KMSKeyID,
	}
}

// gib is the size in GiB, rounded up.
func (s Settings) gib() int64 { return (s.SizeBytes + 1<<30 - 1) >> 30 }

func checkEBS(s Settings, values *parameters.Values) {
	if values.Text("availability_zone") == "" {
		values.Problem("availability_zone is missing: restore_as ebs-volume needs it")
	}
	if s.Type == cachedGateway && s.gib() > largestEBS {
		values.Problem("restore_as is ebs-volume: a cached volume of more than 16 TiB does not become one")
	}
}

func checkGateway(as string, values *parameters.Values) {
	needs := []string{"gateway_arn", "network_interface"}
	if as == asStored {
		needs = append(needs, "disk_id")
	}
	for _, name := range needs {
		if values.Takes(name) && values.Text(name) == "" {
			values.Problem("%s is missing: restore_as %s needs it, and none of this account and region is recorded", name, as)
		}
	}
}

// maxTargetChar is the longest name of a target.
// Source: https://docs.aws.amazon.com/storagegateway/latest/APIReference/API_CreateCachediSCSIVolume.html
const maxTargetChar = 200

// defaultTarget is a function of source and mark, so that a second attempt asks for the
// same target.
func defaultTarget(s Settings, req driver.RestoreRequest) string {
	source := strings.ToLower(s.TargetName)
	if source == "" {
		source = "volume"
	}
	suffix := "-restored-" + req.Mark.Token()[3:9]
	return source[:min(len(source), maxTargetChar-len(suffix))] + suffix
}

// Package backupgateway simulates the inventory of AWS Backup gateway: virtual machines of
// connected hypervisors, with tags. Backups and restores are AWS Backup's.
package backupgateway

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver"
	"holdfast/internal/backupgateway"
	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

// maxPage is the most machines one page has.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BGW_ListVirtualMachines.html
const maxPage = 1000

// general is for operations without a documented rate, which are all of them.
var general = cloud.Bucket{Capacity: 50, Refill: 20}

// Service is the simulated gateway service of an organization.
type Service struct {
	machines cloud.Store[*machine] // by id
	restores []elsewhere
}

var _ cloud.Protectable = (*Service)(nil)

type machine struct {
	id, arn  string
	place    cloud.Place
	name     string
	path     string
	tags     map[string]string
	size     int64
	creating cloud.Progress
	job      string // the restore job that made it
	source   string
}

// elsewhere is a restore that made something outside the hypervisor.
type elsewhere struct {
	job, arn, source string
	place            cloud.Place
	progress         cloud.Progress
}

// New returns a service without machines.
func New() *Service { return &Service{} }

// Definition returns what the service is and can do here.
func (s *Service) Definition() cloud.Definition {
	return cloud.Definition{
		ID: backupgateway.ServiceID, Name: "backup-gateway", Kinds: []resource.Kind{resource.VMware},
		ThrottleCode: "ThrottlingException", ThrottleStatus: http.StatusBadRequest,
		Operations: []cloud.Operation{
			cloud.Op(general, s.listMachines), cloud.Op(general, s.listTags), cloud.Op(general, s.tagResource),
		},
	}
}

// Create puts a machine into the organization.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	m := newMachine(c, cmp.Or(b.Name, "machine"), "/datacenter/vm/prod")
	maps.Copy(m.tags, b.Tags)
	m.size = int64(cmp.Or(b.SizeGiB, 8)) << 30
	s.machines.Put(c.Place, m.id, m)
	return m.arn, nil
}

func newMachine(c *cloud.Call, name, path string) *machine {
	id := c.NewID("vm-0", 16)
	return &machine{id: id, arn: c.ARN("backup-gateway", "vm/"+id), place: c.Place, name: name, path: path, tags: map[string]string{}}
}

// Remove makes a machine vanish.
func (s *Service) Remove(c *cloud.Call, arn string) bool {
	m, ok := s.get(c, arn)
	if ok {
		s.machines.Delete(c.Place, m.id)
	}
	return ok
}

func (s *Service) get(c *cloud.Call, arn string) (*machine, bool) {
	m, ok := s.machines.Get(c.Place, arn[strings.LastIndexByte(arn, '/')+1:])
	if !ok || m.creating.Failed(c.Now) {
		return nil, false
	}
	return m, true
}

func (s *Service) find(c *cloud.Call, arn *string) (*machine, error) {
	m, ok := s.get(c, aws.ToString(arn))
	if !ok {
		return nil, cloud.Errorf("ResourceNotFoundException", "there is no machine %s", aws.ToString(arn))
	}
	return m, nil
}

// listMachines leaves out what a restore has not finished yet.
func (s *Service) listMachines(c *cloud.Call, in *backupgateway.ListVirtualMachinesInput) (*backupgateway.ListVirtualMachinesOutput, error) {
	seen := slices.DeleteFunc(s.machines.In(c.Place), func(m *machine) bool { return !m.creating.Succeeded(c.Now) })
	page, next, err := cloud.Page(seen, func(m *machine) string { return m.id }, aws.ToString(in.NextToken), int(cmp.Or(aws.ToInt32(in.MaxResults), maxPage)))
	if err != nil {
		return nil, err
	}
	out := &backupgateway.ListVirtualMachinesOutput{}
	for _, m := range page {
		out.VirtualMachines = append(out.VirtualMachines, backupgateway.VirtualMachine{
			Name: &m.name, Path: &m.path, ResourceArn: &m.arn, HostName: aws.String("esx-1"), HypervisorID: aws.String("hype-0a"),
		})
	}
	if next != "" {
		out.NextToken = &next
	}
	return out, nil
}

func (s *Service) listTags(c *cloud.Call, in *backupgateway.ListTagsForResourceInput) (*backupgateway.ListTagsForResourceOutput, error) {
	m, err := s.find(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &backupgateway.ListTagsForResourceOutput{ResourceArn: &m.arn}
	for _, key := range slices.Sorted(maps.Keys(m.tags)) {
		out.Tags = append(out.Tags, backupgateway.Tag{Key: aws.String(key), Value: aws.String(m.tags[key])})
	}
	return out, nil
}

func (s *Service) tagResource(c *cloud.Call, in *backupgateway.TagResourceInput) (*backupgateway.TagResourceOutput, error) {
	m, err := s.find(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		m.tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return &backupgateway.TagResourceOutput{ResourceARN: &m.arn}, nil
}

// Protect returns what AWS Backup sees of a machine.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-vm.html
func (s *Service) Protect(c *cloud.Call, arn string) (cloud.Protected, bool) {
	m, ok := s.get(c, arn)
	if !ok {
		return cloud.Protected{}, false
	}
	return cloud.Protected{
		Kind: resource.VMware, Type: "VirtualMachine", ARN: m.arn, Name: m.name, SizeBytes: m.size, Tags: maps.Clone(m.tags),
		Metadata: map[string]string{
			"vmId": m.id, "VMName": m.name, "VMPath": m.path, "HypervisorArn": c.ARN("backup-gateway", "hypervisor/hype-0a"),
			"VMDatastore": "datastore1", "ComputeResourceName": "cluster-1",
		},
	}, true
}

// Rebuild restores into the hypervisor, or into EC2 or EBS, which are not followed up here.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-vm.html
func (s *Service) Rebuild(c *cloud.Call, r cloud.Rebuild) (string, error) {
	needs := map[string][]string{
		"VMware":      {"HypervisorArn", "VMName", "VMPath", "ComputeResourceName", "VMDatastore"},
		"EC2Instance": {"InstanceType", "SubnetId"},
		"EBSVolume":   {"AvailabilityZone"},
	}
	to := r.Metadata["RestoreTo"]
	fields, ok := needs[to]
	if !ok {
		return "", cloud.Errorf("InvalidParameterValueException", "RestoreTo %q is not known", to)
	}
	for _, field := range fields {
		if r.Metadata[field] == "" {
			return "", cloud.Errorf("InvalidParameterValueException", "a restore to %s needs %s", to, field)
		}
	}
	if to != "VMware" {
		arn := c.ARN("ec2", map[string]string{"EC2Instance": "instance/i-0", "EBSVolume": "volume/vol-0"}[to]+c.NewID("", 16))
		s.restores = append(s.restores, elsewhere{r.JobID, arn, r.Of.ARN, c.Place, r.Progress})
		return arn, nil
	}
	m := newMachine(c, r.Metadata["VMName"], r.Metadata["VMPath"])
	m.size, m.creating, m.job, m.source = r.Of.SizeBytes, r.Progress, r.JobID, r.Of.ARN
	s.machines.Put(c.Place, m.id, m)
	return m.arn, nil
}

// Artefacts returns what AWS Backup restored.
func (s *Service) Artefacts(now time.Time) []cloud.Artefact {
	var all []cloud.Artefact
	for _, m := range s.machines.All() {
		if m.job == "" {
			continue
		}
		all = append(all, cloud.Artefact{
			Kind: resource.VMware, Operation: driver.Restore, Place: m.place, ID: m.job, ARN: m.arn, Source: m.source, Name: m.name,
			Tags: maps.Clone(m.tags), CreatedAt: m.creating.Start, Failed: m.creating.Failed(now),
		})
	}
	for _, r := range s.restores {
		all = append(all, cloud.Artefact{
			Kind: resource.VMware, Operation: driver.Restore, Place: r.place, ID: r.job, ARN: r.arn, Source: r.source,
			CreatedAt: r.progress.Start, Failed: r.progress.Failed(now),
		})
	}
	return all
}

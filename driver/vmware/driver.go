package vmware

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"

	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/clients"
	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/internal/awssession"
	"holdfast/internal/backupgateway"
	"holdfast/resource"
)

// machinePage is the most machines one page has.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BGW_ListVirtualMachines.html
const machinePage = 1000

// api is the part of AWS Backup gateway this driver uses.
type api interface {
	ListVirtualMachines(context.Context, *backupgateway.ListVirtualMachinesInput) (*backupgateway.ListVirtualMachinesOutput, error)
	ListTagsForResource(context.Context, *backupgateway.ListTagsForResourceInput) (*backupgateway.ListTagsForResourceOutput, error)
	TagResource(context.Context, *backupgateway.TagResourceInput) (*backupgateway.TagResourceOutput, error)
}

var _ api = (*backupgateway.Client)(nil)

// machines are virtual machines as the engine sees them.
type machines struct {
	clients *clients.Pool[api]
}

// New returns the driver of virtual machines, which takes its AWS configurations from
// sessions.
func New(sessions awssession.Provider, o awsbackup.Options) *awsbackup.Driver {
	m := &machines{clients: clients.NewPool(sessions, func(cfg aws.Config) api { return backupgateway.New(cfg) })}
	return awsbackup.New(sessions, o, awsbackup.Kind{
		Kind: resource.VMware, Title: "VMware virtual machine", Type: "VirtualMachine", ColdStorage: true,
		ARNPattern:      "arn:*:backup-gateway:*:*:vm/*",
		Discover:        m.discover,
		DiscoverActions: []string{"backup-gateway:ListTagsForResource", "backup-gateway:ListVirtualMachines"},
		DiscoverCalls:   []string{"ListVirtualMachines", "ListTagsForResource"},
		Restore:         m,
	})
}

// codes has the gateway's codes; the shared table has the rest.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BGW_ListVirtualMachines.html
var codes = awserr.Table{
	"ConflictException":         failure.Busy,
	"InternalServerException":   failure.Transient,
	"ResourceNotFoundException": failure.NotFound,
	"ValidationException":       failure.Invalid,
}

func wrap(op string, err error) error { return awserr.Wrap("backup-gateway:"+op, err, codes) }

// Settings is what a restore needs of a machine.
type Settings struct {
	Name         string `json:"name,omitempty"`
	HostName     string `json:"host_name,omitempty"`
	Path         string `json:"path,omitempty"`
	HypervisorID string `json:"hypervisor_id,omitempty"`
}

// discover lists the machines and reads the tags of each. One that is gone in between is
// left out.
func (m *machines) discover(ctx context.Context, scope resource.Scope, yield func(resource.Resource) error) error {
	client, err := m.clients.Get(ctx, scope, resource.ForDiscover)
	if err != nil {
		return err
	}
	var token *string
	for {
		page, err := client.ListVirtualMachines(ctx, &backupgateway.ListVirtualMachinesInput{MaxResults: aws.Int32(machinePage), NextToken: token})
		if err != nil {
			return wrap("ListVirtualMachines", err)
		}
		for _, vm := range page.VirtualMachines {
			found, err := read(ctx, client, scope, vm)
			if failure.Is(err, failure.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := yield(found); err != nil {
				return err
			}
		}
		if token = page.NextToken; aws.ToString(token) == "" {
			return nil
		}
	}
}

func read(ctx context.Context, client api, scope resource.Scope, vm backupgateway.VirtualMachine) (resource.Resource, error) {
	arn := aws.ToString(vm.ResourceArn)
	found := resource.Resource{
		ARN: arn, Kind: resource.VMware, Account: scope.Account, Region: scope.Region, Name: idOf(arn), Tags: map[string]string{},
	}
	out, err := client.ListTagsForResource(ctx, &backupgateway.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return found, wrap("ListTagsForResource", err)
	}
	for _, tag := range out.Tags {
		found.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	found.Settings, err = json.Marshal(Settings{
		Name: aws.ToString(vm.Name), HostName: aws.ToString(vm.HostName), Path: aws.ToString(vm.Path), HypervisorID: aws.ToString(vm.HypervisorID),
	})
	if err != nil {
		return found, failure.Errorf(failure.Internal, "record settings of machine %s: %w", arn, err)
	}
	return found, nil
}

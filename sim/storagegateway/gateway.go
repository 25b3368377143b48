package storagegateway

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"

	"holdfast/sim/internal/cloud"
)

const (
	disks    = 8
	diskGiB  = 1024
	address  = "10.0.3.4"
	portOpen = 3260
)

type gateway struct {
	id, arn, name string
	place         cloud.Place
	of            string // cached or stored
	offline       bool
}

func (s *Service) newGateway(c *cloud.Call, of, name string) *gateway {
	id := "sgw-" + c.NewID("", 8)
	g := &gateway{id: id, arn: c.ARN("storagegateway", "gateway/"+id), place: c.Place, of: of, name: name}
	s.gateways.Put(c.Place, g.arn, g)
	return g
}

// room returns a cached gateway of the place that can take another volume.
func (s *Service) room(c *cloud.Call) *gateway {
	for _, g := range s.gateways.In(c.Place) {
		if g.of == cached && len(s.of(g)) < c.Quota(volumesQuota) {
			return g
		}
	}
	return s.newGateway(c, cached, "office")
}

// of returns the volumes of a gateway.
func (s *Service) of(g *gateway) []*volume {
	return slices.DeleteFunc(s.volumes.In(g.place), func(v *volume) bool { return v.gateway != g })
}

// connected returns a gateway that answers.
func (s *Service) connected(c *cloud.Call, arn string) (*gateway, error) {
	g, err := s.gateway(c, arn)
	if err == nil && g.offline {
		return nil, refused(types.ErrorCodeGatewayNotConnected, "The specified gateway is not connected.")
	}
	return g, err
}

func (s *Service) gateway(c *cloud.Call, arn string) (*gateway, error) {
	g, ok := s.gateways.Get(c.Place, arn)
	if !ok {
		return nil, refused(types.ErrorCodeGatewayNotFound, "The specified gateway was not found.")
	}
	return g, nil
}

func (s *Service) activateGateway(c *cloud.Call, in *storagegateway.ActivateGatewayInput) (*storagegateway.ActivateGatewayOutput, error) {
	if of := aws.ToString(in.GatewayType); of != cached && of != stored {
		return nil, refused(types.ErrorCodeNotSupported, "there are volume gateways only here")
	}
	g := s.newGateway(c, *in.GatewayType, aws.ToString(in.GatewayName))
	return &storagegateway.ActivateGatewayOutput{GatewayARN: &g.arn}, nil
}

func (s *Service) shutdownGateway(c *cloud.Call, in *storagegateway.ShutdownGatewayInput) (*storagegateway.ShutdownGatewayOutput, error) {
	g, err := s.connected(c, aws.ToString(in.GatewayARN))
	if err != nil {
		return nil, err
	}
	g.offline = true
	return &storagegateway.ShutdownGatewayOutput{GatewayARN: &g.arn}, nil
}

func (s *Service) startGateway(c *cloud.Call, in *storagegateway.StartGatewayInput) (*storagegateway.StartGatewayOutput, error) {
	g, err := s.gateway(c, aws.ToString(in.GatewayARN))
	if err != nil {
		return nil, err
	}
	g.offline = false
	return &storagegateway.StartGatewayOutput{GatewayARN: &g.arn}, nil
}

func (s *Service) listGateways(c *cloud.Call, in *storagegateway.ListGatewaysInput) (*storagegateway.ListGatewaysOutput, error) {
	page, next, err := pageOf(s.gateways.In(c.Place), func(g *gateway) string { return g.arn }, in.Marker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &storagegateway.ListGatewaysOutput{Marker: next}
	for _, g := range page {
		out.Gateways = append(out.Gateways, types.GatewayInfo{
			GatewayARN: &g.arn, GatewayId: &g.id, GatewayName: &g.name, GatewayType: &g.of, GatewayOperationalState: aws.String("ACTIVE"),
		})
	}
	return out, nil
}

// listLocalDisks shows which disks of a stored gateway are in use.
func (s *Service) listLocalDisks(c *cloud.Call, in *storagegateway.ListLocalDisksInput) (*storagegateway.ListLocalDisksOutput, error) {
	g, err := s.connected(c, aws.ToString(in.GatewayARN))
	if err != nil {
		return nil, err
	}
	out := &storagegateway.ListLocalDisksOutput{GatewayARN: &g.arn}
	for n := range disks {
		disk := types.Disk{DiskId: aws.String(diskID(n)), DiskSizeInBytes: diskGiB << 30, DiskAllocationType: aws.String("AVAILABLE")}
		if s.uses(g, *disk.DiskId) {
			disk.DiskAllocationType = aws.String("iSCSI STORED VOLUME")
		}
		out.Disks = append(out.Disks, disk)
	}
	return out, nil
}

func diskID(n int) string { return fmt.Sprintf("pci-0000:03:00.0-scsi-0:0:%d:0", n) }

func (s *Service) uses(g *gateway, disk string) bool {
	return slices.ContainsFunc(s.of(g), func(v *volume) bool { return v.disk == disk })
}

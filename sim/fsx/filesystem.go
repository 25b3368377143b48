package fsx

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/fsx"
	"github.com/aws/aws-sdk-go-v2/service/fsx/types"

	"holdfast/resource"
	"holdfast/sim/internal/cloud"
)

type fileSystem struct {
	id, arn  string
	place    cloud.Place
	data     types.FileSystem // without lifecycle and tags
	groups   []string         // security groups, which FSx never shows
	tags     map[string]string
	creating cloud.Progress
	source   *backup // that it was made from, nil for others
	job      string  // of AWS Backup, that made it
	deleted  time.Time
}

// Create puts a file system into the organization: persistent Lustre, or Windows joined
// to a directory that AWS manages. The odd Lustre is a scratch one.
func (s *Service) Create(c *cloud.Call, b cloud.Blueprint) (string, error) {
	f := newSystem(c, fileSystemTypes[b.Kind])
	f.data.CreationTime = aws.Time(c.Now.AddDate(0, -4, 0))
	f.data.SubnetIds, f.groups = []string{"subnet-0a"}, []string{"sg-0a", "sg-0b"}
	f.data.KmsKeyId = aws.String(defaultKey(c))
	if b.CustomerKey {
		f.data.KmsKeyId = aws.String(c.ARN("kms", "key/customer-fsx"))
	}
	f.data.StorageType = types.StorageTypeSsd
	f.data.StorageCapacity = aws.Int32(int32(max(b.SizeGiB, 32)))
	if b.Kind == resource.FSxWindows {
		f.data.WindowsConfiguration = standingWindows()
	} else {
		f.data.StorageCapacity = aws.Int32(1200 * int32(1+b.SizeGiB/1200))
		f.data.FileSystemTypeVersion = aws.String("2.15")
		f.data.LustreConfiguration = standingLustre(b.Odd)
	}
	maps.Copy(f.tags, b.Tags)
	if b.Name != "" {
		f.tags["Name"] = b.Name
	}
	f.connect(c)
	s.systems.Put(c.Place, f.id, f)
	return f.arn, nil
}

var fileSystemTypes = map[resource.Kind]types.FileSystemType{
	resource.FSxLustre: types.FileSystemTypeLustre, resource.FSxWindows: types.FileSystemTypeWindows,
}

func defaultKey(c *cloud.Call) string { return c.ARN("kms", "key/aws-fsx") }

func standingLustre(scratch bool) *types.LustreFileSystemConfiguration {
	if scratch {
		return &types.LustreFileSystemConfiguration{
			DeploymentType: types.LustreDeploymentTypeScratch2, DataCompressionType: types.DataCompressionTypeNone,
			WeeklyMaintenanceStartTime: aws.String("7:03:00"),
		}
	}
	return &types.LustreFileSystemConfiguration{
		DeploymentType: types.LustreDeploymentTypePersistent2, PerUnitStorageThroughput: aws.Int32(250),
		DataCompressionType: types.DataCompressionTypeLz4, WeeklyMaintenanceStartTime: aws.String("7:03:00"),
		AutomaticBackupRetentionDays: aws.Int32(0), CopyTagsToBackups: aws.Bool(false),
	}
}

func standingWindows() *types.WindowsFileSystemConfiguration {
	return &types.WindowsFileSystemConfiguration{
		DeploymentType: types.WindowsDeploymentTypeSingleAz2, ThroughputCapacity: aws.Int32(64), ActiveDirectoryId: aws.String("d-0123456789"),
		PreferredSubnetId: aws.String("subnet-0a"), WeeklyMaintenanceStartTime: aws.String("6:04:00"),
		DailyAutomaticBackupStartTime: aws.String("02:00"), AutomaticBackupRetentionDays: aws.Int32(7), CopyTagsToBackups: aws.Bool(true),
	}
}

// newSystem is a file system without a configuration.
func newSystem(c *cloud.Call, of types.FileSystemType) *fileSystem {
	id := c.NewID("fs-0", 16)
	f := &fileSystem{id: id, arn: c.ARN("fsx", "file-system/"+id), place: c.Place, tags: map[string]string{}}
	f.data = types.FileSystem{
		FileSystemId: &f.id, ResourceARN: &f.arn, OwnerId: &f.place.Account, FileSystemType: of, CreationTime: aws.Time(c.Now),
		VpcId: aws.String("vpc-0a"), DNSName: aws.String(id + ".fsx." + c.Place.Region + ".amazonaws.com"),
	}
	return f
}

// connect gives a file system its network interfaces: Lustre has one a server.
func (f *fileSystem) connect(c *cloud.Call) {
	servers := len(f.data.SubnetIds)
	if f.data.FileSystemType == types.FileSystemTypeLustre {
		servers = 2
	}
	for range servers {
		f.data.NetworkInterfaceIds = append(f.data.NetworkInterfaceIds, c.NewID("eni-0", 16))
	}
}

func (f *fileSystem) lifecycle(now time.Time) types.FileSystemLifecycle {
	switch {
	case f.creating.Running(now):
		return types.FileSystemLifecycleCreating
	case f.creating.Failed(now):
		return types.FileSystemLifecycleFailed
	default:
		return types.FileSystemLifecycleAvailable
	}
}

func (f *fileSystem) describe(now time.Time) types.FileSystem {
	out := f.data
	out.Lifecycle, out.Tags = f.lifecycle(now), tagList(f.tags)
	if out.Lifecycle == types.FileSystemLifecycleFailed {
		out.FailureDetails = &types.FileSystemFailureDetails{Message: &f.creating.Failure}
	}
	return out
}

func (s *Service) describeFileSystems(c *cloud.Call, in *fsx.DescribeFileSystemsInput) (*fsx.DescribeFileSystemsOutput, error) {
	seen := slices.DeleteFunc(s.systems.In(c.Place), func(f *fileSystem) bool { return !c.Visible(*f.data.CreationTime) })
	if len(in.FileSystemIds) > 0 {
		seen = slices.DeleteFunc(seen, func(f *fileSystem) bool { return !slices.Contains(in.FileSystemIds, f.id) })
		if len(seen) < len(in.FileSystemIds) {
			return nil, noSystem(in.FileSystemIds[0])
		}
	}
	page, next, err := pageOf(seen, func(f *fileSystem) string { return f.id }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &fsx.DescribeFileSystemsOutput{NextToken: next}
	for _, f := range page {
		out.FileSystems = append(out.FileSystems, f.describe(c.Now))
	}
	return out, nil
}

func noSystem(id string) error {
	return &types.FileSystemNotFound{Message: aws.String("file system " + id + " does not exist")}
}

// createFileSystem makes a file system with nothing in it, ready at once: tests want one
// of a certain configuration.
func (s *Service) createFileSystem(c *cloud.Call, in *fsx.CreateFileSystemInput) (*fsx.CreateFileSystemOutput, error) {
	f := newSystem(c, in.FileSystemType)
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	f.tags, f.groups = tags, slices.Clone(in.SecurityGroupIds)
	f.data.SubnetIds, f.data.StorageCapacity = slices.Clone(in.SubnetIds), in.StorageCapacity
	f.data.StorageType = cmp.Or(in.StorageType, types.StorageTypeSsd)
	f.data.KmsKeyId = aws.String(cmp.Or(aws.ToString(in.KmsKeyId), defaultKey(c)))
	f.data.LustreConfiguration, f.data.WindowsConfiguration = lustreOf(in.LustreConfiguration), windowsOf(in.WindowsConfiguration)
	if problem := s.problem(c, f); problem != nil {
		return nil, problem
	}
	f.connect(c)
	s.systems.Put(c.Place, f.id, f)
	return &fsx.CreateFileSystemOutput{FileSystem: new(f.describe(c.Now))}, nil
}

func (s *Service) deleteFileSystem(c *cloud.Call, in *fsx.DeleteFileSystemInput) (*fsx.DeleteFileSystemOutput, error) {
	f, ok := s.systems.Get(c.Place, aws.ToString(in.FileSystemId))
	if !ok {
		return nil, noSystem(aws.ToString(in.FileSystemId))
	}
	s.dropSystem(c, f)
	return &fsx.DeleteFileSystemOutput{FileSystemId: &f.id, Lifecycle: types.FileSystemLifecycleDeleting}, nil
}

func (s *Service) dropSystem(c *cloud.Call, f *fileSystem) {
	c.Cancel(&f.creating)
	f.deleted = c.Now
	s.systems.Delete(f.place, f.id)
	if f.source != nil {
		s.removed = append(s.removed, f)
	}
}

// linked reports whether a file system is linked to a data repository, in either way.
func (s *Service) linked(f *fileSystem) bool {
	if l := f.data.LustreConfiguration; l != nil && l.DataRepositoryConfiguration != nil {
		return true
	}
	for _, a := range s.associations.Unordered(f.place) {
		if *a.FileSystemId == f.id {
			return true
		}
	}
	return false
}

func (s *Service) createAssociation(c *cloud.Call, in *fsx.CreateDataRepositoryAssociationInput) (*fsx.CreateDataRepositoryAssociationOutput, error) {
	if _, ok := s.systems.Get(c.Place, aws.ToString(in.FileSystemId)); !ok {
		return nil, noSystem(aws.ToString(in.FileSystemId))
	}
	a := &types.DataRepositoryAssociation{
		AssociationId: aws.String(c.NewID("dra-0", 16)), FileSystemId: aws.String(*in.FileSystemId), FileSystemPath: in.FileSystemPath,
		DataRepositoryPath: in.DataRepositoryPath, CreationTime: aws.Time(c.Now), Lifecycle: types.DataRepositoryLifecycleAvailable,
	}
	s.associations.Put(c.Place, *a.AssociationId, a)
	return &fsx.CreateDataRepositoryAssociationOutput{Association: new(*a)}, nil
}

func (s *Service) describeAssociations(c *cloud.Call, in *fsx.DescribeDataRepositoryAssociationsInput) (*fsx.DescribeDataRepositoryAssociationsOutput, error) {
	if len(in.Filters)+len(in.AssociationIds) > 0 {
		return nil, cloud.Errorf("UnsupportedOperation", "the simulated DescribeDataRepositoryAssociations lists all of them")
	}
	page, next, err := pageOf(s.associations.In(c.Place), func(a *types.DataRepositoryAssociation) string { return *a.AssociationId }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out := &fsx.DescribeDataRepositoryAssociationsOutput{NextToken: next}
	for _, a := range page {
		out.Associations = append(out.Associations, *a)
	}
	return out, nil
}

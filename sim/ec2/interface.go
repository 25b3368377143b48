package ec2

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"holdfast/sim/internal/cloud"
)

// describeNetworkInterfaces shows the interfaces that other services have in the customer's
// networks, and their security groups; instances' are not simulated.
func (s *Service) describeNetworkInterfaces(c *cloud.Call, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	limit, err := pageSize(in.MaxResults, len(in.NetworkInterfaceIds))
	if err != nil {
		return nil, err
	}
	filter, err := newFilter(in.Filters)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(c.Interfaces(), func(i cloud.Interface) bool {
		return len(in.NetworkInterfaceIds) > 0 && !slices.Contains(in.NetworkInterfaceIds, i.ID) ||
			!filter.matches(nil, func(name string) (string, bool) { return i.ID, name == "network-interface-id" })
	})
	slices.SortFunc(found, func(a, b cloud.Interface) int { return cmp.Compare(a.ID, b.ID) })
	page, next, err := cloud.Page(found, func(i cloud.Interface) string { return i.ID }, aws.ToString(in.NextToken), limit)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeNetworkInterfacesOutput{NextToken: token(next)}
	for _, i := range page {
		shown := types.NetworkInterface{NetworkInterfaceId: &i.ID, SubnetId: &i.SubnetID, VpcId: &i.VPCID, Status: types.NetworkInterfaceStatusInUse}
		for _, group := range i.Groups {
			shown.Groups = append(shown.Groups, types.GroupIdentifier{GroupId: aws.String(group)})
		}
		out.NetworkInterfaces = append(out.NetworkInterfaces, shown)
	}
	return out, nil
}

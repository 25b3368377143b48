package backupgateway

// VirtualMachine is one machine of a hypervisor.
// Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BGW_VirtualMachine.html
type VirtualMachine struct {
	HostName     *string `json:",omitempty"`
	HypervisorID *string `json:"HypervisorId,omitempty"`
	Name         *string `json:",omitempty"`
	Path         *string `json:",omitempty"`
	ResourceArn  *string `json:",omitempty"`
}

// Tag is one tag of a machine.
type Tag struct {
	Key   *string
	Value *string
}

// ListVirtualMachinesInput asks for one page of the region's machines.
type ListVirtualMachinesInput struct {
	HypervisorArn *string `json:",omitempty"`
	MaxResults    *int32  `json:",omitempty"`
	NextToken     *string `json:",omitempty"`
}

// ListVirtualMachinesOutput is one page.
type ListVirtualMachinesOutput struct {
	VirtualMachines []VirtualMachine
	NextToken       *string `json:",omitempty"`
}

// ListTagsForResourceInput asks for the tags of a machine.
type ListTagsForResourceInput struct {
	ResourceArn *string
}

// ListTagsForResourceOutput has the tags of a machine.
type ListTagsForResourceOutput struct {
	ResourceArn *string `json:",omitempty"`
	Tags        []Tag
}

// TagResourceInput gives a machine tags.
type TagResourceInput struct {
	ResourceARN *string
	Tags        []Tag
}

// TagResourceOutput names the machine that was tagged.
type TagResourceOutput struct {
	ResourceARN *string `json:",omitempty"`
}
